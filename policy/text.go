package policy

import (
	"fmt"
	"log/slog"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// text is the form of MarshalText.
type text struct {
	Policy    string     `yaml:"policy"`
	Retry     Retry      `yaml:"retry"`
	Operator  []Rule     `yaml:"operator"`
	Vendor    []Rule     `yaml:"vendor"`
	Endpoints []Endpoint `yaml:"endpoints"`
	Limits    []Limit    `yaml:"limits"`
}

// MarshalText returns the whole policy as YAML, with the defaults of Retry and a line for
// each rule, in the order in which rules are consulted. Parse reads it, unless a duration is
// shorter than a millisecond. It returns an error if a value is not in its set: see Check.
func (p Policy) MarshalText() ([]byte, error) {
	out, err := yamlfile.Encode(text{
		Policy: p.name, Retry: p.Retry(), Operator: p.operator, Vendor: p.vendor, Endpoints: p.endpoints, Limits: p.limits,
	})
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return []byte(out), nil
}

// Parse reads a policy in the form of MarshalText. The error lists every problem, each
// with its line and column.
func Parse(data []byte) (Policy, error) {
	var t text
	if err := yamlfile.Decode("policy", data, &t); err != nil {
		return Policy{}, err
	}
	p, err := New(Settings{Name: t.Policy, Rules: t.Vendor, Endpoints: t.Endpoints, Limits: t.Limits, Retry: t.Retry})
	if err != nil {
		return Policy{}, err
	}
	p = p.With(t.Operator...)
	return p, p.Check()
}

// String returns a summary on one line, such as
//
//	rdstation: 31 rules, 2 limits, 2 endpoints, 4 attempts
func (p Policy) String() string {
	name := p.name
	setDefault(&name, "default policy")
	return fmt.Sprintf("%s: %s, %s, %s, %s", name,
		count(len(p.operator)+len(p.vendor), "rule"), count(len(p.limits), "limit"),
		count(len(p.endpoints), "endpoint"), count(p.bounds(Rule{}).MaxAttempts, "attempt"))
}

// LogValue returns the text of String, so that a log has no YAML.
func (p Policy) LogValue() slog.Value { return slog.StringValue(p.String()) }

// count returns a number of things, such as "1 rule" or "2 rules".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
