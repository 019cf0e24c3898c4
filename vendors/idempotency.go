package vendors

import (
	"errors"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// An idempotencyRow is where a vendor honors idempotency keys, and which codes are about them.
type idempotencyRow struct {
	At     yamlfile.Pos
	Header headerName `yaml:"header,required"`
	Body   noPlace    `yaml:"body"`

	// InFlight are the codes for a key whose first request is still being executed.
	InFlight []string `yaml:"in_flight,nonempty"`

	// Mismatch are the codes for a key that was used for another request.
	Mismatch []string `yaml:"mismatch,nonempty"`

	policy.Idempotency
}

// A noPlace is a place where a key cannot be: the body is the caller's.
type noPlace struct{}

// UnmarshalText returns an error that says what to do instead.
func (*noPlace) UnmarshalText([]byte) error {
	return errors.New("the client writes no key into a body: write it there yourself, set CallOptions.Repeatable, " +
		"and list the codes that are about it under codes")
}

// inFlight returns the rule for a key whose first request is still being executed. That may be an
// earlier attempt, so a request with the same key waits for its end.
func inFlight() policy.Rule {
	return policy.Rule{
		Class: apierrors.Conflict, Action: apierrors.Retry, Applied: new(apierrors.AppliedUnknown),
		Summary: "a request with the same idempotency key is being executed",
		Hint:    "Run the call again with the same key when that request has ended.",
	}
}

// mismatch returns the rule for a key that was used for another request. This one was not executed.
func mismatch() policy.Rule {
	return policy.Rule{
		Class: apierrors.Conflict, Action: apierrors.Surface, Applied: new(apierrors.AppliedNo),
		Summary: "the idempotency key was used for another request",
		Hint: "If the record has changed since an earlier run with this key, find out what that run did, and then use a new key. " +
			"Otherwise the developer must correct how keys are made: two requests have the same one.",
	}
}

// idempotency returns where the vendor honors keys.
func (c *compiler) idempotency(row *idempotencyRow) policy.Idempotency {
	if row == nil {
		return policy.Idempotency{}
	}
	c.problems.ReportAll(row.At, row.Problems())
	i := row.Idempotency
	i.Header = string(row.Header)
	return i
}

// A keyCode is a code about keys, and what it means.
type keyCode struct {
	code string
	rule policy.Rule
}

// codes returns the codes that are about keys.
func (row *idempotencyRow) codes() []keyCode {
	if row == nil {
		return nil
	}
	var all []keyCode
	for _, code := range row.InFlight {
		all = append(all, keyCode{code, inFlight()})
	}
	for _, code := range row.Mismatch {
		all = append(all, keyCode{code, mismatch()})
	}
	return all
}
