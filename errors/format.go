package apierrors

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// maxPaths is how many field paths one line of text names.
const maxPaths = 5

// Error returns one line that prints only what is set and holds no personal data,
// such as
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

// head is who said what: vendor, call, class, status, code and its catalogue text.
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
	if said := e.said(); said != "" {
		head += " (" + said + ")"
	}
	if e.Summary != "" {
		head += ": " + e.Summary
	}
	return head
}

// call names the call: its Op, or else its method and masked path.
func (e *Error) call() string {
	if e.Op != "" || e.Method == "" {
		return e.Op
	}
	return strings.TrimSuffix(e.Method+" "+maskURL(e.URL), " ")
}

// said is the status and the code of the answer.
func (e *Error) said() string {
	var words []string
	if e.Status != 0 {
		words = append(words, fmt.Sprint(e.Status))
	}
	if code := cleanCode(e.Code); code != "" {
		words = append(words, code)
	}
	return strings.Join(words, " ")
}

// tail is what follows from it: fields, when to come back, why it ended.
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
	case e.Applied == AppliedYes:
		parts = append(parts, "applied: yes")
	case e.Stop == StopUnsafe:
		parts = append(parts, "applied: "+e.Applied.String())
	}
	if id := cleanID(e.RequestID); id != "" {
		parts = append(parts, "request id "+id)
	}
	return parts
}

// paths returns the paths of Fields that are fit to leave, each once.
func (e *Error) paths() []string {
	var paths []string
	seen := map[string]bool{}
	for _, f := range e.Fields {
		p := cleanPath(f.Path)
		if p != "" && !seen[p] {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return paths
}

// Format prints the same line for every verb; %q quotes it. It stands on the value,
// so that a copy is as discreet as a pointer, also for %+v and %#v.
func (e Error) Format(s fmt.State, verb rune) {
	text := e.Error()
	if verb == 'q' {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(s, text)
}

// form is the JSON form of an Error; LogValue prints the same, but the attempts.
type form struct {
	Vendor    string     `json:"vendor,omitempty"`
	Op        string     `json:"op,omitempty"`
	Method    string     `json:"method,omitempty"`
	URL       string     `json:"url,omitempty"`
	Class     Class      `json:"class"`
	Action    Action     `json:"action"`
	Stop      Stop       `json:"stop"`
	Applied   Applied    `json:"applied"`
	Scope     Scope      `json:"scope"`
	Status    int        `json:"status,omitempty"`
	Code      string     `json:"code,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Hint      string     `json:"hint,omitempty"`
	Fields    []string   `json:"fields,omitempty"`
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
	Reason      string    `json:"reason,omitempty"`
}

func (e Error) form() form {
	w := form{
		Vendor: e.Vendor, Op: e.Op, Method: e.Method, URL: maskURL(e.URL),
		Class: e.Class, Action: e.Action, Stop: e.Stop, Applied: e.Applied, Scope: e.Scope,
		Status: e.Status, Code: cleanCode(e.Code), Summary: e.Summary,
		Reason: e.Reason, Hint: e.Hint, Fields: e.paths(), RequestID: cleanID(e.RequestID),
	}
	if !e.RetryAt.IsZero() {
		w.RetryAt = &e.RetryAt
	}
	for _, a := range e.Attempts {
		w.Attempts = append(w.Attempts, hop{
			Start: a.Start, TookSeconds: a.Took.Seconds(), WaitSeconds: a.Wait.Seconds(),
			Status: a.Status, Class: a.Class, Code: cleanCode(a.Code), Reason: a.Reason,
		})
	}
	return w
}

// MarshalJSON returns what may leave the process: see [Error].
func (e Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.form()) }

// LogValue returns what may be logged: see [Error].
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
	add("scope", w.Scope.String())
	add("summary", w.Summary)
	add("reason", w.Reason)
	add("hint", w.Hint)
	add("fields", strings.Join(w.Fields, ","))
	add("request_id", w.RequestID)
	if w.RetryAt != nil {
		attrs = append(attrs, slog.Time("retry_at", *w.RetryAt))
	}
	if n := len(w.Attempts); n > 0 {
		attrs = append(attrs, slog.Int("attempts", n))
	}
	return slog.GroupValue(attrs...)
}
