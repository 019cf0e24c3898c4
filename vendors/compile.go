package vendors

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// parse reads a vendor's file and compiles it, or tells every problem with it.
func parse(name string, data []byte) (*Vendor, error) {
	var f file
	if err := yamlfile.Decode(name, data, &f); err != nil {
		return nil, err
	}
	c := &compiler{}
	v := &Vendor{
		name: f.Vendor, title: f.Title, baseURL: f.BaseURL,
		idempotencyHeader: http.CanonicalHeaderKey(f.Idempotency),
		decoder:           c.decoder(f),
	}
	for _, d := range f.Documents {
		v.documents = append(v.documents, Document(d))
	}
	settings := c.settings(f)
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	var err error
	v.policy, err = policy.New(settings)
	return v, err
}

// compiler turns rows into what decides and decodes, and gathers what is wrong.
type compiler struct{ problems yamlfile.Problems }

func (c *compiler) report(at yamlfile.Pos, format string, args ...any) {
	c.problems = append(c.problems, at.Errorf(format, args...))
}

func (c *compiler) settings(f file) policy.Settings {
	if !nameForm.MatchString(f.Vendor) {
		c.report(f.Pos, "vendor %q: expected a name of small letters, digits and _", f.Vendor)
	}
	if u, err := url.Parse(f.BaseURL); f.BaseURL != "" && (err != nil || u.Host == "") {
		c.report(f.Pos, "base_url %q: expected an absolute URL", f.BaseURL)
	}
	return policy.Settings{
		Name: f.Vendor, Rules: c.rules(f), Endpoints: c.endpoints(f.Endpoints), Limits: c.limits(f.Limits),
		Retry: policy.Retry{
			MaxAttempts: f.Retry.MaxAttempts, Backoff: f.Retry.Backoff.compiled(),
			MaxElapsed: time.Duration(f.Retry.MaxElapsed), MaxWait: time.Duration(f.Retry.MaxWait),
			AttemptTimeout: time.Duration(f.Retry.AttemptTimeout),
		},
	}
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// rules compiles codes, statuses and classes; a second rule for the same failures
// could never speak, so it is a problem.
func (c *compiler) rules(f file) []policy.Rule {
	var rules []policy.Rule
	seen := map[string]yamlfile.Pos{}
	add := func(at yamlfile.Pos, row ruleRow, when policy.Match) {
		when.Methods, when.Path = c.request(at, row.Methods, row.Path)
		if row.Class == apierrors.None {
			c.report(at, "%v: missing key %q", when, "class")
		}
		if first, twice := seen[when.String()]; twice {
			c.report(at, "%v stands twice; the first is at line %d", when, first.Line)
		}
		seen[when.String()] = at
		rules = append(rules, row.rule(when))
	}
	for _, row := range f.Codes {
		if !codeForm.MatchString(row.Code) {
			c.report(row.Pos, "code %q: expected up to 64 of A-Z a-z 0-9 _ . -", row.Code)
		}
		add(row.Pos, row.ruleRow, policy.Match{Codes: []string{row.Code}})
	}
	for _, row := range f.Statuses {
		add(row.Pos, row.ruleRow, policy.Match{Statuses: []policy.StatusRange{row.Status}})
	}
	for _, row := range f.Classes {
		add(row.Pos, row.ruleRow, policy.Match{Class: row.Class})
	}
	return rules
}

func (row ruleRow) rule(when policy.Match) policy.Rule {
	return policy.Rule{
		When: when, Class: row.Class, Action: row.Action, Otherwise: row.Otherwise, Applied: row.Applied, Scope: row.Scope,
		Summary: row.Text, Hint: row.Hint, MaxAttempts: row.MaxAttempts, Backoff: row.Backoff.compiled(),
		MaxElapsed: time.Duration(row.MaxElapsed), After: time.Duration(row.After), AcceptAfterUnknown: row.AcceptAfterUnknown,
	}
}

func (b backoffRow) compiled() policy.Backoff {
	return policy.Backoff{Base: time.Duration(b.Base), Cap: time.Duration(b.Cap)}
}

func (c *compiler) endpoints(rows []endpointRow) []policy.Endpoint {
	var out []policy.Endpoint
	for _, row := range rows {
		methods, pattern := c.request(row.Pos, row.Methods, row.Path)
		out = append(out, policy.Endpoint{Methods: methods, Path: pattern, Repeatable: *row.Repeatable})
	}
	return out
}

func (c *compiler) limits(rows []limitRow) []policy.Limit {
	var out []policy.Limit
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		if first, twice := seen[row.Name]; twice {
			c.report(row.Pos, "limit %q stands twice; the first is at line %d", row.Name, first.Line)
		}
		seen[row.Name] = row.Pos
		if row.Scope != apierrors.ScopeAccount && row.Scope != apierrors.ScopeRecord {
			c.report(row.Pos, "limit %q: scope %v; expected account or record", row.Name, row.Scope)
		}
		methods, pattern := c.request(row.Pos, row.Methods, row.Path)
		out = append(out, policy.Limit{
			Name: row.Name, Scope: row.Scope, Rate: row.Rate, Burst: row.Burst, Methods: methods, Path: pattern, Off: row.Off,
		})
	}
	return out
}

// request checks the methods and the path pattern by which a row is narrowed.
func (c *compiler) request(at yamlfile.Pos, methods []string, pattern string) ([]string, string) {
	for _, m := range methods {
		if m == "" || m != strings.ToUpper(m) {
			c.report(at, "method %q: expected capital letters", m)
		}
	}
	if _, err := path.Match(pattern, ""); err != nil || (pattern != "" && pattern[0] != '/') {
		c.report(at, "path %q: expected a pattern that begins with /, where * is one segment", pattern)
	}
	return methods, pattern
}

func (c *compiler) decoder(f file) decoder {
	d := decoder{fieldLists: map[string]*regexp.Regexp{}}
	for _, row := range f.Decode {
		c.pointer(row.Pos, row.In)
		if row.Code == "" && row.Message == "" {
			c.report(row.Pos, "a decode entry needs a code or a message")
		}
		d.shapes = append(d.shapes, shape{
			in: row.In, code: row.Code, message: row.Message, field: row.Field, texts: row.Texts, needs: row.Needs,
		})
	}
	for _, row := range f.HeaderCodes {
		var names []string
		for _, h := range row.Headers {
			names = append(names, http.CanonicalHeaderKey(h))
		}
		d.headerCodes = append(d.headerCodes, headerCode{headers: names, contains: row.Contains, code: row.Code})
	}
	d.waits = c.waits(f.Waits)
	for _, row := range f.Limits {
		if n := row.NamedBy; n != nil {
			c.pointer(row.Pos, n.Body)
			d.limitNames = append(d.limitNames, limitName{body: n.Body, contains: n.Contains, limit: row.Name})
		}
	}
	c.fieldLists(f.Codes, d.fieldLists)
	return d
}

// waits compiles the wait sources; without any, Retry-After is read as RFC 9110 has it.
func (c *compiler) waits(rows []waitRow) []waitSource {
	if len(rows) == 0 {
		return []waitSource{{header: "Retry-After", unit: policy.HTTP}}
	}
	var out []waitSource
	for _, row := range rows {
		if (row.Header == "") == (row.Body == "") {
			c.report(row.Pos, "a wait needs either a header or a body")
		}
		c.pointer(row.Pos, row.Body)
		out = append(out, waitSource{header: http.CanonicalHeaderKey(row.Header), body: row.Body, unit: row.Unit})
	}
	return out
}

func (c *compiler) fieldLists(rows []codeRow, into map[string]*regexp.Regexp) {
	for _, row := range rows {
		if row.FieldsInMessage == "" {
			continue
		}
		pattern, err := regexp.Compile(row.FieldsInMessage)
		if err != nil || pattern.NumSubexp() != 1 {
			c.report(row.Pos, "fields_in_message %q: expected a pattern with one group", row.FieldsInMessage)
			continue
		}
		into[row.Code] = pattern
	}
}

// pointer checks a JSON pointer (RFC 6901).
func (c *compiler) pointer(at yamlfile.Pos, pointer string) {
	if pointer != "" && pointer[0] != '/' {
		c.report(at, "%q: expected a JSON pointer, which begins with /", pointer)
	}
}
