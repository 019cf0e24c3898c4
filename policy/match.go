package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Match selects failures. All fields that are set must match; a list matches if one of
// its elements does. The zero Match selects every failure.
type Match struct {
	// Codes are error codes of the vendor.
	Codes []string `yaml:"code,nonempty"`

	// Statuses are ranges of HTTP statuses.
	Statuses []StatusRange `yaml:"status,nonempty"`

	// Class is the class of the failure. In an operator's rule, it is the class by the
	// vendor's and the built-in rules. In a vendor's rule, it is the class after the
	// operator's rules.
	Class apierrors.Class `yaml:"class"`

	// Methods are HTTP methods in upper case.
	Methods []string `yaml:"methods,nonempty"`

	// Paths are patterns for the escaped path below the base URL, in the syntax of
	// path.Match: an asterisk matches within one segment. The segment ** stands for any number
	// of them, and one in braces, such as {id}, for one.
	Paths []string `yaml:"path,nonempty"`

	// HasWait selects failures whose response says how long to wait, or, if false, those
	// whose response does not.
	HasWait *bool `yaml:"has_wait,was=told_wait"`

	// Conditions are among Failure.Conditions, all of them. A vendor's file has others than
	// those above: what a header, a message or a value of the body says.
	Conditions []string `yaml:"conditions,nonempty"`
}

// A StatusRange is a range of HTTP statuses, both ends included.
type StatusRange struct{ From, To int }

// String returns a text such as "503", "5xx" or "500-504".
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

// MarshalText returns the same text as String.
func (s StatusRange) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses a text such as "503", "5xx" or "500-504".
func (s *StatusRange) UnmarshalText(text []byte) error {
	word := string(text)
	from, to, isRange := strings.Cut(word, "-")
	if !isRange {
		from, to = strings.ReplaceAll(word, "xx", "00"), strings.ReplaceAll(word, "xx", "99")
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if r := (StatusRange{first, last}); err == nil && err2 == nil && r.isValid() {
		*s = r
		return nil
	}
	return fmt.Errorf("expected a status such as 503, 5xx or 500-504; got %q", text)
}

// isValid reports whether s is a range of statuses that a failure may have.
func (s StatusRange) isValid() bool { return 200 <= s.From && s.From <= s.To && s.To <= 999 }

// Contains reports whether status is in the range.
func (s StatusRange) Contains(status int) bool { return s.From <= status && status <= s.To }

// A subject is what a Match is compared with.
type subject struct {
	code         string
	isListed     bool // a rule is for the code
	status       int
	class        apierrors.Class
	method, path string
	hasWait      bool
	conditions   []string
	isRefusal    bool // the class says whether the request was executed
}

// covers reports whether m selects the failure s.
func (m Match) covers(s subject) bool {
	isCovered := func(r StatusRange) bool { return r.Contains(s.status) }
	return (len(m.Codes) == 0 || slices.Contains(m.Codes, s.code)) &&
		(len(m.Statuses) == 0 || slices.ContainsFunc(m.Statuses, isCovered)) &&
		(m.Class == apierrors.None || m.Class == s.class) &&
		(m.HasWait == nil || *m.HasWait == s.hasWait) &&
		containsAll(s.conditions, m.Conditions) &&
		matchesRequest(m.Methods, m.Paths, s.method, s.path)
}

// matchesRequest reports whether methods and patterns select a request. An empty list
// selects all.
func matchesRequest(methods, patterns []string, method, urlPath string) bool {
	return (len(methods) == 0 || slices.Contains(methods, method)) &&
		(len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
			return matchesPath(pattern, urlPath)
		}))
}

// includes reports whether m selects every failure that o selects.
func (m Match) includes(o Match) bool {
	isOutside := func(s StatusRange) bool { return !s.within(m.Statuses) }
	return isSubset(o.Codes, m.Codes) && isSubset(o.Methods, m.Methods) && isSubset(o.Paths, m.Paths) &&
		(len(m.Statuses) == 0 || len(o.Statuses) > 0 && !slices.ContainsFunc(o.Statuses, isOutside)) &&
		(m.Class == apierrors.None || m.Class == o.Class) &&
		(m.HasWait == nil || o.HasWait != nil && *m.HasWait == *o.HasWait) &&
		containsAll(o.Conditions, m.Conditions)
}

// isSubset reports whether all of few are in many. An empty list stands for everything.
func isSubset(few, many []string) bool {
	if len(many) == 0 {
		return true
	}
	isOutside := func(s string) bool { return !slices.Contains(many, s) }
	return len(few) > 0 && !slices.ContainsFunc(few, isOutside)
}

// containsAll reports whether all of few are in many.
func containsAll(many, few []string) bool {
	return !slices.ContainsFunc(few, func(s string) bool { return !slices.Contains(many, s) })
}

// within reports whether one of ranges contains s.
func (s StatusRange) within(ranges []StatusRange) bool {
	return slices.ContainsFunc(ranges, func(r StatusRange) bool { return r.From <= s.From && s.To <= r.To })
}

// rank orders a vendor's rules: by code, by status, by class, and within each kind the
// narrower before the wider.
func (m Match) rank() int {
	rank, isNarrow := 4, len(m.Methods)+len(m.Paths)+len(m.Conditions) > 0 || m.HasWait != nil
	switch {
	case len(m.Codes) > 0:
		rank, isNarrow = 0, isNarrow || len(m.Statuses) > 0
	case len(m.Statuses) > 0:
		rank = 2
	}
	if !isNarrow {
		rank++
	}
	return rank
}

// String describes m in the form of a rule's name, such as "code TAKEN" or "status 5xx".
func (m Match) String() string {
	parts := make([]string, 0, 4) // most rules have one or two
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
	switch {
	case m.HasWait == nil:
	case *m.HasWait:
		parts = append(parts, "with a wait")
	default:
		parts = append(parts, "without a wait")
	}
	parts = append(parts, m.Conditions...)
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// clone returns a copy of m that shares nothing with it.
func (m Match) clone() Match {
	m.Codes, m.Statuses = slices.Clone(m.Codes), slices.Clone(m.Statuses)
	m.Methods, m.Paths = slices.Clone(m.Methods), slices.Clone(m.Paths)
	m.Conditions = slices.Clone(m.Conditions)
	m.HasWait = clone(m.HasWait)
	return m
}
