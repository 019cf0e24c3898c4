package vendors

import (
	"regexp"
	"time"

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
	v := &Vendor{title: f.Title, documents: c.documents(f.Documents), source: f, decoder: c.decoder(f), marks: f.marks(), token: c.token(f.Token)}
	hosts, origins := c.hosts(f)
	settings, keys, pages := c.settings(f), c.idempotency(f.Idempotency), c.pages(f.Pages)
	v.decoder.signs, v.decoder.hasBadSuccess = c.signs, f.hasBadSuccess()
	p := settings.Unchecked()
	for i, texts := range p.RuleProblems(settings.Rules) {
		c.problems.ReportAll(c.ruleAt[i], texts)
	}
	if err := unread.After(c.problems).Err(); err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	v.limits, v.quotaSources, v.hosts = settings.Limits, c.quotas, hosts
	v.profile = policy.Profile{
		Name: string(f.Vendor), BaseURL: f.BaseURL.text, Origins: origins, Policy: p, ErrorsIn2xx: len(f.ErrorsIn2xx) > 0 || v.decoder.hasBadSuccess, PeekBytes: f.PeekBytes,
		Batches: v.decoder.batchRequests(), Pages: pages, Idempotency: keys, RequestIDHeaders: stringsOf(f.RequestIDs),
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
	signs    []sign         // that rules ask for
}

// settings returns the parts of the policy.
func (c *compiler) settings(f file) policy.Settings {
	c.problems.ReportAll(f.At, f.Retry.Problems())
	return policy.Settings{
		Name: string(f.Vendor), Rules: c.rules(f), Endpoints: c.endpoints(f.Endpoints), Limits: c.limits(f.Limits), Retry: f.Retry,
	}
}

// documents returns the sources of the data.
func (c *compiler) documents(rows []documentRow) []Document {
	var out []Document
	for _, row := range rows {
		if _, err := time.Parse(time.DateOnly, row.Read); err != nil {
			c.problems.Report(row.At, "read: expected a date such as 2026-11-26; got %q", row.Read)
		}
		out = append(out, row.Document)
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
	if row := f.Verdict; row != nil {
		d.verdict = verdict{string(row.Header), row.Yes, row.No}
	}
	for _, row := range f.HeaderCodes {
		d.headerCodes = append(d.headerCodes, headerCode{text: c.headerText(row.At, row.headerTextRow), code: row.Code})
	}
	for _, row := range f.Limits {
		if n := row.NamedBy; n != nil {
			if (n.Body == nil) == (n.Header == "") {
				c.problems.Report(n.At, "named_by needs either a header or a body")
			}
			d.limitNames = append(d.limitNames, limitName{n.sign(), row.Name})
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
		one := condition{on: policy.Endpoint{Methods: row.Methods, Paths: row.Paths}, at: row.Place, refused: row.Refused}
		c.problems.ReportAll(row.At, one.on.Problems())
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
		switch {
		case (row.Adds || row.General) && i == 0:
			c.problems.Report(row.At, "adds and general have no effect in the first entry")
		case row.Adds && row.General:
			c.problems.Report(row.At, "adds has no effect beside general")
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
	case row.Means != "" && (isByObject || row.Field != nil || row.Fields != nil || row.Texts):
		c.problems.Report(row.At, "code, message, field, fields and texts have no effect with is and means: these are about the value at in")
	case row.Means == "" && !isByObject && !row.Texts:
		c.problems.Report(row.At, "a decode entry needs a code, a message, texts, or is and means")
	case (row.Field != nil || row.Fields != nil) && !isByObject:
		c.problems.Report(row.At, "field and fields have no effect without code or message")
	case row.Field != nil && row.Fields != nil:
		c.problems.Report(row.At, "fields has no effect beside field")
	case row.Code == nil && (row.Slug || row.Nested != nil || row.General):
		c.problems.Report(row.At, "slug, nested and general have no effect without code")
	case row.Uncoded && (row.Code == nil || row.Message == nil):
		c.problems.Report(row.At, "uncoded has no effect without code and message")
	}
	return shape{
		in: row.In, code: row.Code.pointer(), message: row.Message.pointer(), field: row.Field.pointer(), fields: row.Fields.pointer(),
		needs: row.Needs.pointer(), nested: row.Nested, slug: row.Slug, uncoded: row.Uncoded,
		texts: row.Texts, is: row.Is, means: row.Means, adds: row.Adds, general: row.General,
	}
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
		if pattern := c.pattern(row.At, "fields_in_message", row.FieldsInMessage); pattern != nil {
			lists[row.Code] = pattern
		}
	}
	return lists
}
