package testserver

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A connectifRule checks one value. It returns the problem, or "". The vendor does
// not document its wording.
type connectifRule func(value any) (reason string)

// A connectifField is a field of a payload.
type connectifField struct {
	name     string
	required bool
	rule     connectifRule
}

// connectifPurchaseFields are the fields of a purchase that are checked.
var connectifPurchaseFields = []connectifField{
	{"purchaseId", true, connectifText},
	{"contactEmail", true, connectifEmail},
	{"products", true, connectifFullList},
	{"cartId", false, connectifText},
	{"paymentMethod", false, connectifText},
	{"purchaseDate", false, connectifDate},
	{"totalPrice", false, connectifNumber},
	{"totalQuantity", false, connectifInteger},
}

// connectifProductFields are the fields of a product in a purchase that are checked.
var connectifProductFields = []connectifField{
	{"productId", true, connectifText},
	{"quantity", true, connectifInteger},
	{"unitPrice", true, connectifNumber},
	{"name", false, connectifText},
	{"price", false, connectifNumber},
	{"productDetailUrl", false, connectifURL},
}

// connectifContactFields are the vendor's fields of a contact. All others are custom
// fields.
var connectifContactFields = map[string]connectifRule{
	"_name":                         connectifText,
	"_surname":                      connectifText,
	"_birthdate":                    connectifDate,
	"_mobilePhone":                  connectifText,
	"_points":                       connectifInteger,
	"_emailStatus":                  connectifOneOf("active", "bounced", "paused", "banned"),
	"_mobilePhoneStatus":            connectifOneOf("active", "bounced", "paused"),
	"_newsletterSubscriptionStatus": connectifOneOf("subscribed", "unsubscribed", "none"),
	"_smsSubscriptionStatus":        connectifOneOf("subscribed", "unsubscribed", "none"),
}

// connectifCheck returns the problems of payload in the order of fields. A null is a
// missing field. The path of a problem is prefix and the name of the field.
func connectifCheck(prefix string, fields []connectifField, payload map[string]any) []connectifProblem {
	var problems []connectifProblem
	for _, field := range fields {
		value := payload[field.name]
		reason := ""
		switch {
		case value != nil:
			reason = field.rule(value)
		case field.required:
			reason = "is required"
		}
		if reason != "" {
			problems = append(problems, connectifProblem{prefix + field.name, reason})
		}
	}
	return problems
}

// connectifCheckPurchase checks a purchase and its products.
func connectifCheckPurchase(payload map[string]any) []connectifProblem {
	problems := connectifCheck("", connectifPurchaseFields, payload)
	products, _ := payload["products"].([]any)
	for i, product := range products {
		path := fmt.Sprintf("products[%d]", i)
		fields, isObject := product.(map[string]any)
		if !isObject {
			problems = append(problems, connectifProblem{path, "should be an object"})
			continue
		}
		problems = append(problems, connectifCheck(path+".", connectifProductFields, fields)...)
	}
	return problems
}

// connectifCheckContact checks a PATCH of a contact. A null clears a field.
func connectifCheckContact(email string, payload map[string]any) []connectifProblem {
	var problems []connectifProblem
	if reason := connectifEmail(email); reason != "" {
		problems = append(problems, connectifProblem{"email", reason})
	}
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		rule := connectifContactFields[name]
		switch {
		case rule == nil && strings.HasPrefix(name, "_"):
			problems = append(problems, connectifProblem{name, "is not a known field"})
			continue
		case rule == nil:
			rule = connectifCustom
		case payload[name] == nil:
			continue
		}
		if reason := rule(payload[name]); reason != "" {
			problems = append(problems, connectifProblem{name, reason})
		}
	}
	return problems
}

func connectifText(value any) string {
	text, isText := value.(string)
	switch {
	case !isText:
		return "should be a string"
	case strings.TrimSpace(text) == "":
		return "should not be blank"
	}
	return ""
}

func connectifEmail(value any) string {
	if text, _ := value.(string); !isEmail(text) {
		return "should be an email"
	}
	return ""
}

func connectifNumber(value any) string {
	if _, isNumber := value.(float64); !isNumber {
		return "should be a number"
	}
	return ""
}

func connectifInteger(value any) string {
	if number, isNumber := value.(float64); !isNumber || number != math.Trunc(number) {
		return "should be an integer"
	}
	return ""
}

func connectifDate(value any) string {
	if _, ok := connectifTime(value); !ok {
		return "should be a date"
	}
	return ""
}

// connectifTime parses a date with or without a time.
func connectifTime(value any) (at time.Time, ok bool) {
	text, _ := value.(string)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func connectifURL(value any) string {
	text, _ := value.(string)
	if parsed, err := url.Parse(text); err != nil || parsed.Scheme == "" || parsed.Host == "" {
		return "should be a uri"
	}
	return ""
}

func connectifFullList(value any) string {
	list, isList := value.([]any)
	switch {
	case !isList:
		return "should be an array"
	case len(list) == 0:
		return "should not be empty"
	}
	return ""
}

func connectifObject(value any) string {
	if _, isObject := value.(map[string]any); !isObject {
		return "should be an object"
	}
	return ""
}

func connectifOneOf(words ...string) connectifRule {
	return func(value any) string {
		if text, isText := value.(string); !isText || !slices.Contains(words, text) {
			return "should be one of: " + strings.Join(words, " ")
		}
		return ""
	}
}

// connectifCustom checks the value of a custom field. Its type is not known.
func connectifCustom(value any) string {
	list, isList := value.([]any)
	_, isObject := value.(map[string]any)
	if isObject || isList && slices.ContainsFunc(list, func(v any) bool { return connectifText(v) != "" }) {
		return "should be a string, a boolean, a number or an array of strings"
	}
	return ""
}
