package vendors

import (
	"fmt"
	"net/url"
	"regexp"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// parse reads a vendor's file. The error lists every problem with it.
func parse(name string, data []byte) (*Vendor, error) {
	var f file
	unread, err := yamlfile.Read(name, data, &f)
	if err != nil {
		return nil, err
	}
	c := &compiler{}
	v := &Vendor{title: f.Title, documents: f.Documents, decoder: c.decoder(f)}
	settings, keys := c.settings(f), c.idempotency(f.Idempotency)
	for i, texts := range settings.RuleProblems() {
		c.problems.ReportAll(c.ruleAt[i], texts)
	}
	if err := unread.After(c.problems).Err(); err != nil {
		return nil, err
	}
	p, err := policy.New(settings)
	if err != nil {
		return nil, err
	}
	v.limits, v.quotaSources = settings.Limits, c.quotas
	v.profile = policy.Profile{
		Name: f.Vendor, BaseURL: f.BaseURL, Policy: p, ErrorsIn2xx: len(f.ErrorsIn2xx) > 0, PeekBytes: f.PeekBytes,
		Batches: v.decoder.batchRequests(), Idempotency: keys, RequestIDHeaders: stringsOf(f.RequestIDs),
	}
	if v.quotaSources != nil {
		v.profile.Quotas = v.quotas
	}
	return v, nil
}

// A compiler makes a policy and a decoder of a file, and collects what is wrong with it.
type compiler struct {
	problems yamlfile.Problems
	ruleAt   []yamlfile.Pos // of each rule
	quotas   []quotaSource  // of the limits
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// settings returns the parts of the policy.
func (c *compiler) settings(f file) policy.Settings {
	if !nameForm.MatchString(f.Vendor) {
		c.problems.Report(f.At, "vendor %q: expected a name of lower-case letters, digits and _", f.Vendor)
	}
	if u, err := url.Parse(f.BaseURL); f.BaseURL != "" && (err != nil || u.Host == "") {
		c.problems.Report(f.At, "base_url %q: expected an absolute URL", f.BaseURL)
	}
	c.problems.ReportAll(f.At, f.Retry.Problems())
	return policy.Settings{
		Name: f.Vendor, Rules: c.rules(f), Endpoints: c.endpoints(f.Endpoints), Limits: c.limits(f.Limits), Retry: f.Retry,
	}
}

// rules returns the rules for codes, statuses and classes.
func (c *compiler) rules(f file) []policy.Rule {
	var rules []policy.Rule
	seen := map[string]yamlfile.Pos{}
	add := func(at yamlfile.Pos, r policy.Rule, when policy.Match) {
		when.Methods, when.Paths, when.HasWait = r.When.Methods, r.When.Paths, r.When.HasWait
		c.rule(at, r, when, seen)
		r.When = when
		rules, c.ruleAt = append(rules, r), append(c.ruleAt, at)
	}
	addCode := func(at yamlfile.Pos, code string, r policy.Rule) {
		if !apierrors.IsCode(code) {
			c.problems.Report(at, "code %q: expected up to 64 of A-Z a-z 0-9 _ . -", code)
		}
		add(at, r, policy.Match{Codes: []string{code}})
	}
	for _, k := range f.Idempotency.codes() {
		addCode(f.Idempotency.At, k.code, k.rule)
	}
	for _, row := range f.Codes {
		addCode(row.At, row.Code, row.Rule)
	}
	for _, row := range f.Statuses {
		add(row.At, row.Rule, policy.Match{Statuses: []policy.StatusRange{row.Status}})
	}
	for _, row := range f.Classes {
		add(row.At, row.Rule, policy.Match{Class: row.Class})
	}
	return rules
}

// rule checks one rule. A second rule for the same failures would have no effect.
func (c *compiler) rule(at yamlfile.Pos, r policy.Rule, when policy.Match, seen map[string]yamlfile.Pos) {
	if r.Class == apierrors.None {
		c.problems.Report(at, "%v: missing key %q", when, "class")
	}
	if r.Class == apierrors.Partial && when.Class == apierrors.None {
		c.problems.Report(at, "%v: class partial follows from batches, and not from a code or a status", when)
	}
	if r.RepeatUnsafe != nil {
		c.problems.Report(at, "%v: repeat_unsafe is for an operator to decide", when)
	}
	if len(r.When.Codes) > 0 || len(r.When.Statuses) > 0 || r.When.Class != apierrors.None {
		c.problems.Report(at, "%v: when may only narrow the row: by methods, path or has_wait", when)
	}
	c.problems.ReportAll(at, r.Problems())
	c.problems.ReportDuplicate(seen, at, when.String())
}

// endpoints returns the endpoints.
func (c *compiler) endpoints(rows []endpointRow) []policy.Endpoint {
	var out []policy.Endpoint
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportDuplicate(seen, row.At, fmt.Sprintf("endpoint for %v", policy.Match{Methods: row.Methods, Paths: row.Paths}))
		c.problems.ReportAll(row.At, row.Problems())
		if row.RepeatUnsafe {
			c.problems.Report(row.At, "repeat_unsafe is for an operator to decide")
		}
		out = append(out, row.Endpoint)
	}
	return out
}

// decoder returns the decoder.
func (c *compiler) decoder(f file) decoder {
	d := decoder{fieldLists: c.fieldLists(f.Codes), rename: f.Rename, waits: c.waits(f.Waits), errorsIn2xx: c.conditions(f), requestID: f.RequestIDBody}
	if d.requestID != nil && len(d.requestID) == 0 {
		c.problems.Report(f.At, "request_id_body: expected a JSON pointer to a value, and not to the whole body")
	}
	d.shapes = c.shapes(f.Decode)
	d.batches = c.batches(f.Batches)
	for _, row := range f.HeaderCodes {
		d.headerCodes = append(d.headerCodes, headerCode{text: c.headerText(row.At, row.headerTextRow), code: row.Code})
	}
	for _, row := range f.Limits {
		if n := row.NamedBy; n != nil {
			d.limitNames = append(d.limitNames, limitName{body: n.Body, contains: n.Contains, limit: row.Name})
		}
	}
	return d
}

// conditions returns what makes a 2xx an error.
func (c *compiler) conditions(f file) []condition {
	var out []condition
	for _, row := range f.ErrorsIn2xx {
		if len(row.Place) == 0 {
			c.problems.Report(row.At, "at: expected a JSON pointer to a value, as the whole body is there in each success")
		}
		one := condition{at: row.Place, refused: row.Refused}
		if row.Is != "" {
			one.is = []string{row.Is}
		}
		out = append(out, one)
	}
	switch {
	case f.PeekBytes > 0 && out == nil:
		c.problems.Report(f.At, "peek_bytes has no effect without errors_in_2xx")
	case f.PeekBytes > maxPeekBytes:
		c.problems.Report(f.At, "peek_bytes: expected at most %d; got %d", maxPeekBytes, f.PeekBytes)
	}
	return out
}

// maxPeekBytes is how many bytes of any error are kept.
const maxPeekBytes = 64 << 10

// shapes returns forms of errors.
func (c *compiler) shapes(rows []shapeRow) []shape {
	var out []shape
	for i, row := range rows {
		if row.Adds && i == 0 {
			c.problems.Report(row.At, "adds has no effect in the first entry")
		}
		out = append(out, c.shape(row))
	}
	return out
}

// shape returns one form of errors.
func (c *compiler) shape(row shapeRow) shape {
	isByObject := row.Code != nil || row.Message != nil
	switch {
	case (row.Is == "") != (row.Means == "") || (row.Means != "" && !apierrors.IsCode(row.Means)):
		c.problems.Report(row.At, "is and means go together, and means a code")
	case row.Means != "" && (isByObject || row.Field != nil || row.Texts):
		c.problems.Report(row.At, "code, message, field and texts have no effect with is and means: these are about the value at in")
	case row.Means == "" && !isByObject && !row.Texts:
		c.problems.Report(row.At, "a decode entry needs a code, a message, texts, or is and means")
	case row.Field != nil && !isByObject:
		c.problems.Report(row.At, "field has no effect without code or message")
	}
	return shape{
		in: row.In, code: row.Code.pointer(), message: row.Message.pointer(), field: row.Field.pointer(), needs: row.Needs.pointer(),
		texts: row.Texts, is: row.Is, means: row.Means, adds: row.Adds,
	}
}

// waits returns the sources of waits. Without any, it is Retry-After as in RFC 9110.
func (c *compiler) waits(rows []waitRow) []waitSource {
	if len(rows) == 0 {
		return []waitSource{{header: "Retry-After", unit: policy.HTTP}}
	}
	var out []waitSource
	for _, row := range rows {
		if (row.Header == "") == (len(row.Body) == 0) {
			c.problems.Report(row.At, "a wait needs either a header or a body")
		}
		out = append(out, waitSource{header: string(row.Header), body: row.Body, unit: row.Unit, when: c.waitCondition(row.When)})
	}
	return out
}

// waitCondition returns which responses a wait is for.
func (c *compiler) waitCondition(row *waitWhenRow) waitCondition {
	if row == nil {
		return waitCondition{}
	}
	when := waitCondition{statuses: row.Statuses}
	switch hasText := row.Headers != nil || row.Is != "" || row.Contains != ""; {
	case hasText:
		when.text = c.headerText(row.At, row.headerTextRow)
	case row.Statuses == nil:
		c.problems.Report(row.At, "when: expected a status, or the text of a header")
	}
	return when
}

// headerText returns the text that a header has.
func (c *compiler) headerText(at yamlfile.Pos, row headerTextRow) headerText {
	if row.Headers == nil || (row.Is == "") == (row.Contains == "") {
		c.problems.Report(at, "the text of a header needs headers, and either is (the whole value) or contains")
	}
	return headerText{headers: stringsOf(row.Headers), is: row.Is, contains: row.Contains}
}

// fieldLists returns the patterns of codes whose messages list fields.
func (c *compiler) fieldLists(rows []codeRow) map[string]*regexp.Regexp {
	lists := map[string]*regexp.Regexp{}
	for _, row := range rows {
		if row.FieldsInMessage == "" {
			continue
		}
		pattern, err := regexp.Compile(row.FieldsInMessage)
		if err != nil || pattern.NumSubexp() != 1 {
			c.problems.Report(row.At, "fields_in_message %q: expected a pattern with one group", row.FieldsInMessage)
			continue
		}
		lists[row.Code] = pattern
	}
	return lists
}
