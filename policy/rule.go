package policy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Rule says what to do about the failures that match When. A field at its zero
// value says nothing and leaves the question to the next rule. The tags are its words
// in files.
type Rule struct {
	Name string `yaml:"name"` // in a decision's Rule; empty: made of When
	When Match  `yaml:"when"`

	Class    apierrors.Class   `yaml:"class"`
	Action   apierrors.Action  `yaml:"action"`
	Fallback apierrors.Action  `yaml:"otherwise"` // instead of shrink without a Shrink hook, and of retry when the attempts are used up
	Applied  apierrors.Applied `yaml:"applied"`
	Scope    apierrors.Scope   `yaml:"scope"`
	Summary  string            `yaml:"text"` // the vendor's documented text for a code
	Hint     string            `yaml:"hint"` // who has to do what

	MaxAttempts   int           `yaml:"max_attempts"`   // see Retry.MaxAttempts
	Backoff       Backoff       `yaml:"backoff"`        // the wait before the next send where the answer tells none
	MaxElapsed    time.Duration `yaml:"max_elapsed"`    // see Retry.MaxElapsed
	After         time.Duration `yaml:"after"`          // throttle and defer: the wait where the answer tells none
	EscalateAfter int           `yaml:"escalate_after"` // see Retry.EscalateAfter

	AcceptAfterUnknown bool     `yaml:"accept_after_unknown"` // accept, if an earlier attempt of this call may have been applied
	AcceptAfterCodes   []string `yaml:"accept_after_codes"`   // accept, if an earlier attempt of this call ended with one of these
	RepeatUnsafe       bool     `yaml:"repeat_unsafe"`        // repeat a write that may have been applied; only an operator can know
}

// A Match says which failures a rule is for. All that is set must hold; of a list,
// one member must. The zero Match matches every failure.
type Match struct {
	Codes    []string        `yaml:"code"`
	Statuses []StatusRange   `yaml:"status"`
	Class    apierrors.Class `yaml:"class"`     // the class found so far; for the operator's and the class's rules
	Methods  []string        `yaml:"methods"`   // in capitals
	Paths    []string        `yaml:"path"`      // patterns of the path below the base URL, as in path.Match: * is one segment
	HasWait  bool            `yaml:"told_wait"` // the answer tells how long to wait
}

// A StatusRange is a range of HTTP statuses, both ends included.
type StatusRange struct{ From, To int }

// String returns "503" or, for a hundred, "5xx", or "500-504".
func (s StatusRange) String() string {
	switch {
	case s.From == s.To:
		return fmt.Sprint(s.From)
	case s.From%100 == 0 && s.To == s.From+99:
		return fmt.Sprintf("%dxx", s.From/100)
	default:
		return fmt.Sprintf("%d-%d", s.From, s.To)
	}
}

// MarshalText returns the same as String.
func (s StatusRange) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "503", "5xx" or "500-504".
func (s *StatusRange) UnmarshalText(text []byte) error {
	word := string(text)
	from, to, isRange := strings.Cut(word, "-")
	if !isRange {
		from, to = strings.ReplaceAll(word, "xx", "00"), strings.ReplaceAll(word, "xx", "99")
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil || first < 100 || last > 999 || last < first {
		return fmt.Errorf("expected a status such as 503, 5xx or 500-504; got %q", text)
	}
	s.From, s.To = first, last
	return nil
}

// A subject is what a Match is held against.
type subject struct {
	code         string
	status       int
	class        apierrors.Class
	method, path string
	toldWait     bool
}

// covers reports whether the failure is one of those that m is for.
func (m Match) covers(f subject) bool {
	return (len(m.Codes) == 0 || slices.Contains(m.Codes, f.code)) &&
		(len(m.Statuses) == 0 || slices.ContainsFunc(m.Statuses, func(s StatusRange) bool { return s.From <= f.status && f.status <= s.To })) &&
		(m.Class == apierrors.None || m.Class == f.class) &&
		(!m.HasWait || f.toldWait) &&
		matchesRequest(m.Methods, m.Paths, f.method, f.path)
}

// matchesRequest reports whether a request is one of those that methods and patterns
// name; none of either names all.
func matchesRequest(methods, patterns []string, method, urlPath string) bool {
	return (len(methods) == 0 || slices.Contains(methods, method)) &&
		(len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, err := path.Match(pattern, urlPath)
			return err == nil && ok
		}))
}

// String describes the match as a rule's name, such as "code TAKEN" or "status 5xx".
func (m Match) String() string {
	var parts []string
	add := func(label, text string) {
		if text != "" {
			parts = append(parts, label+" "+text)
		}
	}
	add("code", strings.Join(m.Codes, "|"))
	var statuses []string
	for _, s := range m.Statuses {
		statuses = append(statuses, s.String())
	}
	add("status", strings.Join(statuses, "|"))
	if m.Class != apierrors.None {
		add("class", m.Class.String())
	}
	add("method", strings.Join(m.Methods, "|"))
	add("path", strings.Join(m.Paths, "|"))
	if m.HasWait {
		parts = append(parts, "told wait")
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// over returns r with what it leaves open filled from below. Where the two disagree
// on the class, below was about something else: only its words are taken.
func (r Rule) over(below Rule) Rule {
	sameClass := r.Class == apierrors.None || below.Class == apierrors.None || r.Class == below.Class
	if r.Name == "" {
		r.Name = below.Name
	}
	fill(&r.Summary, below.Summary)
	fill(&r.Hint, below.Hint)
	if !sameClass {
		return r
	}
	fill(&r.Class, below.Class)
	fill(&r.Action, below.Action)
	fill(&r.Fallback, below.Fallback)
	fill(&r.Applied, below.Applied)
	fill(&r.Scope, below.Scope)
	fill(&r.MaxAttempts, below.MaxAttempts)
	fill(&r.Backoff, below.Backoff)
	fill(&r.MaxElapsed, below.MaxElapsed)
	fill(&r.After, below.After)
	fill(&r.EscalateAfter, below.EscalateAfter)
	fill(&r.AcceptAfterUnknown, below.AcceptAfterUnknown)
	if r.AcceptAfterCodes == nil {
		r.AcceptAfterCodes = below.AcceptAfterCodes
	}
	fill(&r.RepeatUnsafe, below.RepeatUnsafe)
	return r
}

// fill sets v to from if v has nothing yet.
func fill[T comparable](v *T, from T) {
	var zero T
	if *v == zero {
		*v = from
	}
}
