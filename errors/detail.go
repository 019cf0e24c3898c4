package apierrors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxDetailBody is how many bytes of the body Detail prints.
const maxDetailBody = 2 << 10

// maxDetailItems is how many items of a batch Detail prints.
const maxDetailItems = 100

// Detail returns everything that is known about the failure, on several lines. Unlike
// Error, it has the vendor's message and parts of the record, so it may hold personal
// data. Show it to a person, and do not log it.
func (e *Error) Detail() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, text)
		}
	}
	fmt.Fprintln(&b, e.Error())
	line("request", strings.TrimSpace(e.Method+" "+e.URL))
	line("rule", e.Rule)
	line("hint", e.Hint)
	line("vendor said", e.Message)
	for _, f := range e.Fields {
		line("field "+f.Path, strings.TrimSpace(f.Code+" "+f.Message))
	}
	for _, i := range e.Items[:min(len(e.Items), maxDetailItems)] {
		line("item "+strings.TrimSpace(i.place()+" "+i.Key), i.text())
	}
	for _, key := range slices.Sorted(maps.Keys(e.Details)) {
		line("detail "+key, fmt.Sprint(e.Details[key]))
	}
	for i, a := range e.Attempts {
		line(fmt.Sprintf("attempt %d", i+1), a.text())
	}
	line("body", string(e.Body[:min(len(e.Body), maxDetailBody)]))
	if e.Err != nil {
		line("cause", e.Err.Error())
	}
	return b.String()
}

// text returns a on one line.
func (a Attempt) text() string {
	text := fmt.Sprintf("%s after a wait of %v, took %v", a.Class, a.Wait, a.Took)
	if a.Status != 0 {
		text = fmt.Sprintf("%d %s", a.Status, text)
	}
	return text
}
