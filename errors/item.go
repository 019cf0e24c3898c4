package apierrors

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Item is an item of a batch that did not succeed, or of which that is not known. It is
// classified and decided like the response to a call with that item alone.
type Item struct {
	// Index is the place of the item in the batch that the caller sent, from 0. It is -1 if the
	// response does not say it: then Key does.
	Index int

	// Key is the caller's key for the item, if the vendor identifies items by one. It may be
	// personal data, and only Detail prints it.
	Key string

	// Status is that of the item or, if it has none, that of the response. It is 0 if there was
	// no response.
	Status int

	// Code is the vendor's code, and Summary the catalog's text for it.
	Code    string
	Summary string

	// Class is what the failure means. It is MalformedResponse if the response does not say how
	// the item ended.
	Class Class

	// Action is what to do about it: see Temporary.
	Action Action

	// Stop says why the item was not sent again. It is StopNone if it could have been.
	Stop Stop

	// Applied says whether the vendor executed the item. If it is AppliedUnknown, compare the
	// vendor's state with yours before you send the item again.
	Applied Applied

	// Wait is how long to wait before the item is sent again. Zero means that this is not known.
	Wait time.Duration

	// Fields are what the vendor says is wrong with the item.
	Fields []Field
}

// Temporary reports whether the item may succeed if it is sent again later, after Wait, in a
// batch without those that are done. It is false for an item that may have been executed and is
// not known to be repeatable: find out first whether the vendor has it.
func (i Item) Temporary() bool {
	return i.Stop != StopUnsafe && (i.Action == Retry || i.Action == Throttle || i.Action == Defer)
}

// maxPlaces is how many items Error names.
const maxPlaces = 5

// itemsText returns the places of the items, or "" if there are none.
func (e *Error) itemsText() string {
	if len(e.Items) == 0 {
		return ""
	}
	var places []string
	for _, i := range e.Items {
		if place := i.place(); place != "" && len(places) < maxPlaces {
			places = append(places, place)
		}
	}
	all := len(e.Items) + e.ItemsOmitted
	text := strings.Join(places, ", ")
	switch more := all - len(places); {
	case text == "":
		return fmt.Sprintf("%d items", all)
	case more > 0:
		return fmt.Sprintf("items %s and %d more", text, more)
	default:
		return "items " + text
	}
}

// place returns the index of the item, or "" if it has none.
func (i Item) place() string {
	if i.Index < 0 {
		return ""
	}
	return strconv.Itoa(i.Index)
}

// text returns what is known of the item, on one line.
func (i Item) text() string {
	text := fmt.Sprintf("%d %s %s (%s), applied: %s", i.Status, i.Code, i.Class, i.Action, i.Applied)
	for _, f := range i.Fields {
		text += "; " + strings.TrimSpace(f.Path+" "+f.Message)
	}
	return text
}

// itemForm is the JSON form of an Item.
type itemForm struct {
	Index       *int     `json:"index,omitempty"`
	Status      int      `json:"status,omitempty"`
	Code        string   `json:"code,omitempty"`
	Summary     string   `json:"summary,omitempty"`
	Class       Class    `json:"class"`
	Action      Action   `json:"action"`
	Stop        Stop     `json:"stop"`
	Applied     Applied  `json:"applied"`
	WaitSeconds float64  `json:"wait_seconds,omitempty"`
	Fields      []string `json:"fields,omitempty"`
}

// form returns what may leave the process.
func (i Item) form() itemForm {
	f := itemForm{
		Status: i.Status, Code: cleanCode(i.Code), Summary: i.Summary,
		Class: i.Class, Action: i.Action, Stop: i.Stop, Applied: i.Applied, WaitSeconds: i.Wait.Seconds(), Fields: pathsOf(i.Fields),
	}
	if i.Index >= 0 {
		f.Index = new(i.Index)
	}
	return f
}

// Format prints what Error prints of an item, for every verb.
func (i Item) Format(s fmt.State, _ rune) {
	words := []string{"item", i.place(), i.Class.String()}
	if i.Status != 0 {
		words = append(words, strconv.Itoa(i.Status))
	}
	words = append(words, cleanCode(i.Code), "applied: "+i.Applied.String())
	_, _ = fmt.Fprint(s, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
}

// MarshalJSON returns i without personal data: without its key, and without the vendor's text.
func (i Item) MarshalJSON() ([]byte, error) { return json.Marshal(i.form()) }
