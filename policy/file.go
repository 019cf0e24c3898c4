package policy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A File is an operator's file: what a deployment does otherwise than the vendors'
// documents say. It is immutable, and safe for concurrent use.
//
//	defaults:                  # for every vendor; a vendor's own goes before
//	  retry: {max_wait: 30s}
//	vendors:
//	  rdstation:
//	    retry: {max_attempts: 6, backoff: {base: 1s, cap: 1m}}
//	    rules:                 # the first that matches goes before the vendor's
//	      - {when: {code: TAKEN}, action: accept}
//	      - {when: {status: 5xx, methods: POST}, action: surface}
//	    endpoints:
//	      - {methods: POST, path: /platform/events, repeat_unsafe: true}
//	    limits:                # by the name that they have in the vendor's data
//	      - {name: account, rate: 500/1m, burst: 5}
type File struct {
	defaults section
	vendors  map[string]section
}

// The schema of the file. "Not set" is told from zero by pointers, and only here.
type fileSchema struct {
	Defaults section            `yaml:"defaults"`
	Vendors  map[string]section `yaml:"vendors"`
}

// A section is what the file says about one vendor.
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

// An endpointChange says whether some requests may be sent twice: because a repeat does
// no harm, or although it may.
type endpointChange struct {
	At           yamlfile.Pos
	Methods      []string `yaml:"methods"`
	Paths        []string `yaml:"path"`
	Repeatable   *bool    `yaml:"repeatable"`
	RepeatUnsafe *bool    `yaml:"repeat_unsafe"`
}

// A limitChange changes what it sets of a limit of the vendor's data, or is a whole
// limit of a new name.
type limitChange struct {
	At      yamlfile.Pos
	Name    string          `yaml:"name,required"`
	Scope   apierrors.Scope `yaml:"scope"`
	Rate    Rate            `yaml:"rate"`
	Burst   int             `yaml:"burst"`
	Methods []string        `yaml:"methods"`
	Paths   []string        `yaml:"path"`
	Off     *bool           `yaml:"off"`
}

// ReadFile reads an operator's file. vendors are the names that it may speak of, as
// from vendors.Names; without any, every name is taken. The error tells every problem
// at once, each with file:line:column and the nearest right word.
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

// Vendors returns the names of the vendors that the file speaks of, sorted.
func (f *File) Vendors() []string { return slices.Sorted(maps.Keys(f.vendors)) }

// Apply returns base with what the file says about vendor. The error tells what does
// not fit to base, such as a limit that the vendor's data does not know.
func (f *File) Apply(vendor string, base Policy) (Policy, error) {
	p := base
	var problems yamlfile.Problems
	for _, s := range []section{f.defaults, f.vendors[vendor]} {
		p = p.WithRetry(s.Retry)
		var rules []Rule
		for _, r := range s.Rules {
			if r.Name == "" {
				r.Name = fmt.Sprintf("%s:%d %v", filepath.Base(r.At.File), r.At.Line, r.When)
			}
			rules = append(rules, r.Rule)
		}
		p = p.With(rules...)
		p.endpoints = slices.Concat(s.endpoints(), p.endpoints)
		for _, change := range s.Limits {
			limit, problem := change.over(p)
			problems = append(problems, problem...)
			p = p.WithLimit(limit)
		}
	}
	if err := problems.Err(); err != nil {
		return Policy{}, err
	}
	return p, p.Check()
}

func (s section) endpoints() []Endpoint {
	var out []Endpoint
	for _, e := range s.Endpoints {
		repeat := e.Repeatable
		if repeat == nil {
			repeat = e.RepeatUnsafe
		}
		out = append(out, Endpoint{Methods: e.Methods, Paths: e.Paths, Repeatable: *repeat})
	}
	return out
}

// over returns the limit that c makes of the one with its name in p.
func (c limitChange) over(p Policy) (Limit, yamlfile.Problems) {
	known, ok := p.LimitNamed(c.Name)
	isWhole := c.Scope != apierrors.ScopeNone && c.Rate.Count > 0
	if !ok && !isWhole {
		var names []string
		for _, l := range p.limits {
			names = append(names, l.Name)
		}
		return Limit{}, yamlfile.Problems{c.At.Errorf("unknown limit %q%s (a new one needs a scope and a rate)", c.Name, yamlfile.Suggest(c.Name, names))}
	}
	changed := Limit{Name: c.Name, Scope: c.Scope, Rate: c.Rate, Burst: c.Burst, Methods: c.Methods, Paths: c.Paths}
	fill(&changed.Scope, known.Scope)
	fill(&changed.Rate, known.Rate)
	fill(&changed.Burst, known.Burst)
	if changed.Methods == nil {
		changed.Methods = known.Methods
	}
	if changed.Paths == nil {
		changed.Paths = known.Paths
	}
	changed.Off = known.Off
	if c.Off != nil {
		changed.Off = *c.Off
	}
	return changed, nil
}
