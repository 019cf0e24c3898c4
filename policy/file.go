package policy

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A File is an operator's file: the changes that one deployment makes to the policies of
// vendors. It is immutable and safe for concurrent use.
//
//	defaults:                  # for every vendor; the sections below go before it
//	  retry: {max_wait: 30s}
//	vendors:
//	  rdstation:
//	    retry: {max_attempts: 6, backoff: {base: 1s, cap: 1m}}
//	    rules:                 # the first that matches goes before the vendor's rules
//	      - {when: {code: TAKEN}, action: accept}
//	      - {when: {status: 5xx, methods: POST}, action: surface}
//	    endpoints:
//	      - {methods: POST, path: /platform/events, repeat_unsafe: true}
//	    limits:                # by the name in the vendor's data
//	      - {name: account, rate: 500/1m, burst: 5}
//
// A code that the vendor's data does not have needs a class in its rule: without one, it is
// taken for a misspelled code.
//
// An endpoint may also have a lookup, which goes before the vendor's; see [Lookup].
//
// A key that is absent changes nothing. Zero and false mean themselves: budget: 0 stops
// all retries, escalate_after: 0 switches off the vendor's.
type File struct {
	defaults section
	vendors  map[string]section
}

// fileSchema is the form of the file.
type fileSchema struct {
	Defaults section            `yaml:"defaults"`
	Vendors  map[string]section `yaml:"vendors"`
}

// A section has the changes for one vendor.
type section struct {
	At        yamlfile.Pos
	Retry     Retry            `yaml:"retry"`
	Rules     []positionedRule `yaml:"rules"`
	Endpoints []endpointChange `yaml:"endpoints"`
	Limits    []limitChange    `yaml:"limits"`
}

type positionedRule struct {
	At yamlfile.Pos
	Rule
}

// An endpointChange says either that requests may be executed twice without harm, or that
// they may be repeated although that can do harm, and how to look up what became of them.
type endpointChange struct {
	At           yamlfile.Pos
	Methods      []string `yaml:"methods,nonempty"`
	Paths        []string `yaml:"path,nonempty"`
	Repeatable   *bool    `yaml:"repeatable"`
	RepeatUnsafe *bool    `yaml:"repeat_unsafe"`
	Lookup       *Lookup  `yaml:"lookup"`
}

// A limitChange changes some fields of a vendor's limit, or defines a new limit. An empty
// list of methods or paths makes the limit apply to all.
type limitChange struct {
	At      yamlfile.Pos
	Name    string          `yaml:"name,required,nonempty"`
	Scope   apierrors.Scope `yaml:"scope"`
	Rate    Rate            `yaml:"rate"`
	Burst   int             `yaml:"burst,positive"`
	Window  Rate            `yaml:"window"`
	Resets  Zone            `yaml:"resets"`
	Cost    int             `yaml:"cost,positive"`
	Slots   int             `yaml:"slots,positive"`
	Held    time.Duration   `yaml:"held,positive"`
	Share   Percent         `yaml:"share"`
	Methods []string        `yaml:"methods"`
	Paths   []string        `yaml:"path"`
	Except  []string        `yaml:"except,nonempty"`
	Off     *bool           `yaml:"off"`
}

// FileSchema returns the form of an operator's file as a JSON Schema. For tools: an editor
// completes and checks a file by it.
func FileSchema() []byte { return yamlfile.JSONSchema("retrywise: an operator's file", fileSchema{}) }

// ReadFile reads an operator's file. vendors are the names that the file may use: those of
// vendors.Names(), and of vendors of your own; if there are none, it may use any. The error lists
// every problem, each with its file:line:column and the nearest right word.
func ReadFile(name string, vendors ...string) (*File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return parseFile(name, data, vendors)
}

func parseFile(name string, data []byte, vendors []string) (*File, error) {
	var schema fileSchema
	unread, err := yamlfile.Read(name, data, &schema)
	if err != nil {
		return nil, err
	}
	c := &fileChecker{vendors: vendors}
	c.section(schema.Defaults)
	for vendor, s := range schema.Vendors {
		c.vendor(vendor, s)
		c.section(s)
	}
	if err := unread.After(c.problems).Err(); err != nil {
		return nil, err
	}
	return &File{defaults: schema.Defaults, vendors: schema.Vendors}, nil
}

// Vendors returns the names of the vendors in the file, sorted.
func (f *File) Vendors() []string { return slices.Sorted(maps.Keys(f.vendors)) }

// Apply returns base with the changes of the file: first its defaults, then its section
// for the vendor of base. The error lists what does not fit base, such as a limit or a code
// that the vendor's data does not have, and rules that have no effect on base.
func (f *File) Apply(base Policy) (Policy, error) {
	p := base
	var problems yamlfile.Problems
	sections := []section{f.defaults, f.vendors[base.name]}
	for _, s := range sections {
		p = p.WithRetry(s.Retry).With(s.namedRules()...)
		p.endpoints = slices.Concat(s.endpoints(), p.endpoints)
		for _, change := range s.Limits {
			limit, problem := change.applyTo(p)
			problems = append(problems, problem...)
			p = p.WithLimit(limit)
		}
	}
	for i, s := range sections {
		problems = append(problems, s.ruleProblems(p, i == 0)...)
	}
	if err := problems.Err(); err != nil {
		return Policy{}, err
	}
	return p, p.Check()
}

// namedRules returns the rules of s. A rule without a name is named after its line.
func (s section) namedRules() []Rule {
	var rules []Rule
	for _, r := range s.Rules {
		setDefault(&r.Name, fmt.Sprintf("%s:%d %v", filepath.Base(r.At.File), r.At.Line, r.When))
		rules = append(rules, r.Rule)
	}
	return rules
}

// endpoints returns the endpoints of s.
func (s section) endpoints() []Endpoint {
	var out []Endpoint
	for _, e := range s.Endpoints {
		out = append(out, e.endpoint().clone())
	}
	return out
}

// endpoint returns the endpoint that e says.
func (e endpointChange) endpoint() Endpoint {
	return Endpoint{
		Methods: e.Methods, Paths: e.Paths, Repeatable: valueOf(e.Repeatable), RepeatUnsafe: valueOf(e.RepeatUnsafe), Lookup: e.Lookup,
	}
}

// applyTo returns p's limit of the same name with the changes of c, or a new limit.
func (c limitChange) applyTo(p Policy) (Limit, yamlfile.Problems) {
	limit, ok := p.LimitNamed(c.Name)
	isWhole := c.Scope != apierrors.ScopeNone && (c.Rate != Rate{} || c.Window != Rate{} || c.Slots > 0)
	if !ok && !isWhole {
		var names []string
		for _, l := range p.limits {
			names = append(names, l.Name)
		}
		return Limit{}, yamlfile.Problems{c.At.Errorf("unknown limit %q%s (a new one needs a scope, and a rate, a window or slots)", c.Name, yamlfile.Suggest(c.Name, names))}
	}
	limit.Name = c.Name
	if c.Window != (Rate{}) { // a rate and a window replace each other
		limit.Rate, limit.Burst = Rate{}, 0
	}
	if c.Rate != (Rate{}) {
		limit.Window, limit.Resets = Rate{}, Zone{}
	}
	change(&limit.Scope, c.Scope)
	change(&limit.Rate, c.Rate)
	change(&limit.Burst, c.Burst)
	change(&limit.Window, c.Window)
	change(&limit.Resets, c.Resets)
	change(&limit.Cost, c.Cost)
	change(&limit.Slots, c.Slots)
	change(&limit.Held, c.Held)
	change(&limit.Share, c.Share)
	changeList(&limit.Methods, c.Methods)
	changeList(&limit.Paths, c.Paths)
	changeList(&limit.Except, c.Except)
	if c.Off != nil {
		limit.Off = *c.Off
	}
	var problems yamlfile.Problems
	problems.ReportAll(c.At, limit.Problems())
	return limit, problems
}

// change sets v to to, unless to is unset.
func change[T comparable](v *T, to T) { *v = cmp.Or(to, *v) }

// changeList sets v to to, unless to is nil. An empty list becomes nil.
func changeList(v *[]string, to []string) {
	if to != nil {
		*v = append([]string(nil), to...)
	}
}
