package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Rate is a number of events in a period, such as 120/1m in text.
type Rate struct {
	Count int
	Per   time.Duration
}

// MarshalText returns the same as String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// String returns "120/1m0s".
func (r Rate) String() string { return fmt.Sprintf("%d/%v", r.Count, r.Per) }

// UnmarshalText reads "120/1m": a whole number, a slash, a duration with a unit.
func (r *Rate) UnmarshalText(text []byte) error {
	count, per, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	d, err2 := time.ParseDuration(per)
	if err != nil || err2 != nil || n <= 0 || d <= 0 {
		return fmt.Errorf("expected a rate such as 120/1m; got %q", text)
	}
	r.Count, r.Per = n, d
	return nil
}

// A Limit caps how often requests start: at Rate on average, up to Burst at once.
type Limit struct {
	Name    string          `yaml:"name,required"`
	Scope   apierrors.Scope `yaml:"scope,required"` // ScopeRecord: one for each record of each credential; ScopeAccount: one for each credential
	Rate    Rate            `yaml:"rate,required"`
	Burst   int             `yaml:"burst"`   // requests that may start at once; 0: 1
	Methods []string        `yaml:"methods"` // in capitals; empty: all
	Paths   []string        `yaml:"path"`    // patterns of the path below the base URL, as in path.Match; empty: all
	Off     bool            `yaml:"off"`     // known, but not kept: only an answer that names it closes its gate
}

// An Endpoint says of some requests whether they may be sent twice, above what
// RFC 9110 section 9.2.2 says of their methods: an upsert by PATCH may, a PUT that
// also sends a survey may not.
type Endpoint struct {
	Methods    []string `yaml:"methods"` // in capitals; empty: all
	Paths      []string `yaml:"path"`    // patterns of the path below the base URL, as in path.Match; empty: all
	Repeatable bool     `yaml:"repeatable,required"`
	Lookup     string   `yaml:"lookup"` // how to find out whether a request was executed, such as "GET /purchases/{id}"; goes into the hint
}

// Limits returns the limits that a request falls under, also those that are off.
func (p Policy) Limits(method, path string) []Limit {
	var found []Limit
	for _, l := range p.limits {
		if matchesRequest(l.Methods, l.Paths, method, path) {
			found = append(found, l)
		}
	}
	return found
}

// LimitNamed returns the limit called name, also one that is off.
func (p Policy) LimitNamed(name string) (Limit, bool) {
	for _, l := range p.limits {
		if l.Name == name {
			return l, true
		}
	}
	return Limit{}, false
}
