package policy

import (
	"fmt"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A text is the form in which a whole policy is written: see Policy.String.
type text struct {
	Policy    string     `yaml:"policy"`
	Retry     Retry      `yaml:"retry"`
	Operator  []Rule     `yaml:"operator"`
	Vendor    []Rule     `yaml:"vendor"`
	Endpoints []Endpoint `yaml:"endpoints"`
	Limits    []Limit    `yaml:"limits"`
}

// String returns the effective policy as YAML, with the defaults filled in: a line for
// each rule, in the order in which they are asked. Parse reads the same policy from it.
func (p Policy) String() string {
	out, err := yamlfile.Encode(text{
		Policy: p.name, Retry: p.Retry(), Operator: p.operator, Vendor: p.vendor, Endpoints: p.endpoints, Limits: p.limits,
	})
	if err != nil {
		return fmt.Sprintf("# this policy cannot be written: %v\n", err)
	}
	return out
}

// Parse reads what String wrote. The error tells every problem, with line and column.
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
