package vendors

import (
	"cmp"
	"net/http"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Sample is a response that a vendor's file describes, made of one of its rows for codes and
// statuses.
type Sample struct {
	// Rule is the name of the row, as in Decision.Rule and Error.Rule.
	Rule string

	// Code is the code of the row; empty: it is about a status.
	Code string

	// Class and Action are those of the row. ActionNone stands for that of the class.
	Class  apierrors.Class
	Action apierrors.Action

	// IsInFlight and IsMismatch mean that the code is about an idempotency key: its first request
	// is still being executed, or was another one.
	IsInFlight, IsMismatch bool

	// Answer is the response. Its Method and Path are those of a request that may get it.
	policy.Answer
}

// Samples returns responses for each row of the vendor's file that is about a code or a status, in
// each of the forms in which the vendor writes codes, in the order of the file. Codes about
// idempotency keys come first; rows about an entry of a batch are left out. For tools: package fake
// makes a server of them.
func (v *Vendor) Samples() []Sample {
	var samples []Sample
	add := func(row codeRow, answers []policy.Answer) {
		match := policy.Match{Codes: []string{row.Code}}
		if row.Code == "" {
			match = policy.Match{Statuses: []policy.StatusRange{row.status}}
		}
		match = (&compiler{}).narrowed(row.At, match, row.When)
		for _, a := range answers {
			samples = append(samples, Sample{
				Rule: cmp.Or(row.Name, v.Name()+" "+match.String()), Code: row.Code, Class: row.Class, Action: row.Action,
				IsInFlight: row.isInFlight, IsMismatch: row.isMismatch, Answer: a,
			})
		}
	}
	for _, row := range v.source.sampled() {
		add(row, v.source.answers(row))
	}
	for _, row := range v.source.Statuses {
		status := codeRow{At: row.At, When: row.When, Rule: row.Rule, status: row.Status}
		if v.source.isOfEntry(status) {
			continue
		}
		add(status, []policy.Answer{v.source.statusAnswer(status)})
	}
	return samples
}

// sampled returns the rows about codes, those about idempotency keys first.
func (f file) sampled() []codeRow {
	var rows []codeRow
	for i, k := range f.Idempotency.codes() {
		isInFlight := i < len(f.Idempotency.InFlight)
		rows = append(rows, codeRow{Code: k.code, Rule: k.rule, isInFlight: isInFlight, isMismatch: !isInFlight})
	}
	return append(rows, f.Codes...)
}

// answers returns responses with the code of a row, to which its when applies. A success that
// holds an error goes before other responses, as the file says that the vendor sends it.
func (f file) answers(row codeRow) []policy.Answer {
	var answers []policy.Answer
	if f.isOfEntry(row) {
		return nil
	}
	for _, h := range f.HeaderCodes {
		if h.Code == row.Code {
			a := f.answer(row, nil)
			a.Header.Set(string(h.Headers[0]), cmp.Or(h.Is, h.Contains))
			answers = append(answers, a)
		}
	}
	for _, s := range f.Decode {
		hasPlace := s.Code != nil && (row.When.Message == "" || s.Message != nil)
		switch {
		case s.Means == row.Code && row.When.Message == "": // the text is the message
			answers = append(answers, f.answer(row, put(nil, s.In, s.Is)))
		case hasPlace && s.Means == "":
			answers = append(answers, f.successes(row, s)...)
			answers = append(answers, f.answer(row, f.body(row, s)))
		}
	}
	return answers
}

// isOfEntry reports whether a row is about an entry of a batch that has a success. Transcripts show
// these.
func (f file) isOfEntry(row codeRow) bool {
	if row.Code != "" {
		return row.When.Statuses != nil && row.When.Statuses[0].From < http.StatusBadRequest
	}
	isOfBatch := func(b batchRow) bool { return slices.Equal(b.Paths, row.When.Paths) }
	return row.status.From < http.StatusBadRequest && row.When.Place != nil && slices.ContainsFunc(f.Batches, isOfBatch)
}
