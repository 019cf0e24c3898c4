package testserver

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// mustBeString is the only field error about a type. Its status is 422, that
// of all others 400.
const mustBeString = "MUST_BE_STRING"

// isText has the attributes of a contact that a client may write, and whether they
// hold text. Custom fields, whose names begin with cf_, may be written, too.
var isText = map[string]bool{
	"name": true, "email": true, "job_title": true, "bio": true, "website": true, "linkedin": true,
	"personal_phone": true, "mobile_phone": true, "city": true, "state": true, "country": true,
	"tags": false,
}

// isReadOnly has the attributes of a contact that only the vendor writes.
var isReadOnly = map[string]bool{"available_for_mailing": true, "uuid": true}

// isJSON reports whether the Content-Type of a request is JSON.
func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func unsupportedMediaType() reply {
	return refuse(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE",
		"The payload is in a format not supported by this method on the target resource.")
}

func badRequest() reply {
	return refuse(http.StatusBadRequest, "BAD_REQUEST",
		"Could not parse the body of the request according to the provided Content-Type.")
}

// validate checks the payload of a PATCH whose URL has identifier. If ok is false,
// refusal is the response.
func validate(identifier string, payload map[string]any) (refusal reply, ok bool) {
	if _, repeated := payload[identifier]; repeated {
		return refuse(http.StatusBadRequest, "CONFLICTING_FIELD",
			"The payload contains an attribute that was used to identify the lead"), false
	}
	if names := fieldsThat(payload, isReadOnlyField); names != "" {
		return refuse(http.StatusBadRequest, "INVALID_FIELDS",
			fmt.Sprintf("Payload contains fields that cannot be modified: (%s)", names)), false
	}
	if names := fieldsThat(payload, isUnknownField); names != "" {
		return refuse(http.StatusBadRequest, "INVALID_FIELDS",
			fmt.Sprintf("Payload contains fields that do not exist: (%s)", names)), false
	}
	if found := fieldErrors(payload); len(found) > 0 {
		return reply{status: fieldStatus(found), body: map[string]any{"errors": found}}, false
	}
	return reply{}, true
}

// fieldsThat returns the names of the fields that match, sorted and separated by
// commas.
func fieldsThat(payload map[string]any, match func(name string) bool) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		if match(name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func isReadOnlyField(name string) bool { return isReadOnly[name] }

func isUnknownField(name string) bool {
	_, known := isText[name]
	return !known && !strings.HasPrefix(name, "cf_")
}

// fieldErrors returns the errors by field.
func fieldErrors(payload map[string]any) map[string][]vendorError {
	found := map[string][]vendorError{}
	for name, value := range payload {
		if problem, ok := checkField(name, value); !ok {
			found[name] = []vendorError{problem}
		}
	}
	return found
}

// fieldStatus returns 422 if all errors are about types, and 400 otherwise.
func fieldStatus(found map[string][]vendorError) int {
	for _, problems := range found {
		for _, problem := range problems {
			if problem.Type != mustBeString {
				return http.StatusBadRequest
			}
		}
	}
	return http.StatusUnprocessableEntity
}

// checkField checks one value. If ok is false, problem describes the error.
func checkField(name string, value any) (problem vendorError, ok bool) {
	if value == nil {
		required := name == "name" || name == "email"
		return vendorError{"CANNOT_BE_NULL", name + " cannot be null."}, !required
	}
	text, typed := value.(string)
	if isText[name] && !typed {
		return vendorError{mustBeString, sentenceCase(name) + " must be string."}, false
	}
	switch name {
	case "name":
		return vendorError{"CANNOT_BE_BLANK", "Can not be blank"}, strings.TrimSpace(text) != ""
	case "email":
		return invalidEmail(), isEmail(text)
	case "linkedin":
		return vendorError{"INVALID_FORMAT", "linkedin must use only letters, numbers, '.', '-' and '_'"}, isLinkedIn(text)
	case "tags":
		return checkTags(value)
	}
	return vendorError{}, true
}

func checkTags(value any) (problem vendorError, ok bool) {
	list, typed := value.([]any)
	for _, tag := range list {
		text, isString := tag.(string)
		if strings.ToLower(text) != text {
			return vendorError{"VALUES_MUST_BE_LOWERCASE", "must not contain capital letters"}, false
		}
		typed = typed && isString
	}
	return vendorError{"INVALID", "It is not valid"}, typed
}

func invalidEmail() vendorError { return vendorError{"INVALID", "It is not valid"} }

// isEmail reports whether text has a local part of printable ASCII and a domain.
func isEmail(text string) bool {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 || strings.ContainsAny(text, " \t\r\n") {
		return false
	}
	return !strings.ContainsFunc(text[:at], func(r rune) bool { return r <= ' ' || r > '~' || r == '@' })
}

func isLinkedIn(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_", r)
	})
}

// sentenceCase turns "job_title" into "Job title".
func sentenceCase(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
