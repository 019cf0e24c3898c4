package apierrors

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// maxPaths is how many paths of fields Error names.
const maxPaths = 5

// Error returns one line without personal data, such as
//
//	rdstation contacts.upsert: validation (422 MUST_BE_STRING): Name must be string.; fields name
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(e.head())
	for _, part := range e.tail() {
		b.WriteString("; ")
		b.WriteString(part)
	}
	return b.String()
}

// head returns vendor, call, class, status, code and the text for the code.
func (e *Error) head() string {
	var b strings.Builder
	for _, word := range []string{e.Vendor, e.call()} {
		if word != "" {
			b.WriteString(word)
			b.WriteByte(' ')
		}
	}
	head := strings.TrimSuffix(b.String(), " ")
	if head != "" {
		head += ": "
	}
	head += e.Class.String()
	if answer := e.answer(); answer != "" {
		head += " (" + answer + ")"
	}
	if e.Summary != "" {
		head += ": " + e.Summary
	}
	return head
}

// call returns the Op of the call or, if it has none, its method and masked path.
func (e *Error) call() string {
	if e.Op != "" || e.Method == "" {
		return e.Op
	}
	return strings.TrimSuffix(e.Method+" "+maskURL(e.URL), " ")
}

// answer returns the status and the code of the response.
func (e *Error) answer() string {
	var words []string
	if e.Status != 0 {
		words = append(words, fmt.Sprint(e.Status))
	}
	if code := cleanCode(e.Code); code != "" {
		words = append(words, code)
	}
	return strings.Join(words, " ")
}

// tail returns what follows the head: fields, time of the next run, reason to stop.
func (e *Error) tail() []string {
	var parts []string
	if paths := e.paths(); len(paths) > 0 {
		shown := paths[:min(len(paths), maxPaths)]
		text := "fields " + strings.Join(shown, ", ")
		if more := len(paths) - len(shown); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, text)
	}
	if text := e.itemsText(); text != "" {
		parts = append(parts, text)
	}
	if !e.RetryAt.IsZero() {
		parts = append(parts, "retry at "+e.RetryAt.UTC().Format(time.RFC3339))
	}
	if n := len(e.Attempts); n > 1 {
		parts = append(parts, fmt.Sprintf("%d attempts", n))
	}
	if e.Stop != StopNone && e.Stop != StopPermanent {
		parts = append(parts, e.Stop.Sentence())
	}
	switch {
	case e.Applied == AppliedYes, e.Stop == StopUnsafe, e.Class == Canceled:
		parts = append(parts, "applied: "+e.Applied.String())
	}
	if e.Lookup != "" {
		parts = append(parts, "look-up: "+e.Lookup)
	}
	if id := cleanID(e.RequestID); id != "" {
		parts = append(parts, "request id "+id)
	}
	return parts
}

// paths returns the paths of Fields that may be printed, without duplicates.
func (e *Error) paths() []string { return pathsOf(e.Fields) }

// pathsOf returns the paths of fields that may be printed, without duplicates.
func pathsOf(fields []Field) []string {
	var paths []string
	seen := map[string]bool{}
	for _, f := range fields {
		p := cleanPath(f.Path)
		if p != "" && !seen[p] {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return paths
}

// Format prints the text of Error for every verb; %q quotes it. Its receiver is a value,
// so that %+v of a copy does not print personal data either.
func (e Error) Format(s fmt.State, verb rune) {
	text := e.Error()
	if verb == 'q' {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(s, text)
}

// form is the JSON form of an Error.
type form struct {
	Vendor    string     `json:"vendor,omitempty"`
	Op        string     `json:"op,omitempty"`
	Method    string     `json:"method,omitempty"`
	URL       string     `json:"url,omitempty"`
	Class     Class      `json:"class"`
	Action    Action     `json:"action"`
	Stop      Stop       `json:"stop"`
	Applied   Applied    `json:"applied"`
	Lookup    string     `json:"lookup,omitempty"`
	Scope     Scope      `json:"scope"`
	Status    int        `json:"status,omitempty"`
	Code      string     `json:"code,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Rule      string     `json:"rule,omitempty"`
	Hint      string     `json:"hint,omitempty"`
	Fields    []string   `json:"fields,omitempty"`
	Items     []itemForm `json:"items,omitempty"`
	Omitted   int        `json:"items_omitted,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
	RetryAt   *time.Time `json:"retry_at,omitempty"`
	Attempts  []hop      `json:"attempts,omitempty"`
}

// hop is the JSON form of an Attempt.
type hop struct {
	Start       time.Time `json:"start"`
	TookSeconds float64   `json:"took_seconds"`
	WaitSeconds float64   `json:"wait_seconds"`
	Status      int       `json:"status,omitempty"`
	Class       Class     `json:"class"`
	Code        string    `json:"code,omitempty"`
	Rule        string    `json:"rule,omitempty"`
}

// form returns what may leave the process.
func (e Error) form() form {
	p := e.Printable()
	w := form{
		Vendor: p.Vendor, Op: p.Op, Method: p.Method, URL: p.URL,
		Class: p.Class, Action: p.Action, Stop: p.Stop, Applied: p.Applied, Lookup: p.Lookup, Scope: p.Scope,
		Status: p.Status, Code: p.Code, Summary: p.Summary,
		Rule: p.Rule, Hint: p.Hint, Fields: p.paths(), Omitted: p.ItemsOmitted, RequestID: p.RequestID,
	}
	if !p.RetryAt.IsZero() {
		w.RetryAt = &p.RetryAt
	}
	for _, i := range e.Items {
		w.Items = append(w.Items, i.form())
	}
	for _, a := range p.Attempts {
		w.Attempts = append(w.Attempts, hop{
			Start: a.Start, TookSeconds: a.Took.Seconds(), WaitSeconds: a.Wait.Seconds(),
			Status: a.Status, Class: a.Class, Code: a.Code, Rule: a.Rule,
		})
	}
	return w
}

// MarshalJSON returns e without personal data: see [Error].
func (e Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.form()) }

// LogValue returns e without personal data: see [Error].
func (e Error) LogValue() slog.Value {
	w := e.form()
	attrs := []slog.Attr{slog.String("class", w.Class.String()), slog.String("action", w.Action.String())}
	add := func(key, text string) {
		if text != "" && text != "none" {
			attrs = append(attrs, slog.String(key, text))
		}
	}
	add("vendor", w.Vendor)
	add("op", w.Op)
	add("method", w.Method)
	add("url", w.URL)
	if w.Status != 0 {
		attrs = append(attrs, slog.Int("status", w.Status))
	}
	add("code", w.Code)
	add("stop", w.Stop.String())
	add("applied", w.Applied.String())
	add("lookup", w.Lookup)
	add("scope", w.Scope.String())
	add("summary", w.Summary)
	add("rule", w.Rule)
	add("hint", w.Hint)
	add("fields", strings.Join(w.Fields, ","))
	add("items", e.itemsText())
	add("request_id", w.RequestID)
	if w.RetryAt != nil {
		attrs = append(attrs, slog.Time("retry_at", *w.RetryAt))
	}
	if n := len(w.Attempts); n > 0 {
		attrs = append(attrs, slog.Int("attempts", n))
	}
	return slog.GroupValue(attrs...)
}
