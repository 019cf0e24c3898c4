package client

import (
	"net/http"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// answerTo returns a response to r as the vendor's data sees it. text is what was read of its
// body, without its content coding.
func answerTo(r request, resp *http.Response, text []byte) policy.Answer {
	return policy.Answer{
		Method: r.http.Method, Path: r.path,
		Status: resp.StatusCode, Header: resp.Header, Body: text, Received: time.Now(),
	}
}

// readQuotas adds to what the common headers of a response say about limits what the vendor's
// data says.
func (x *call) readQuotas(resp *http.Response) {
	if resp == nil || x.c.profile.Quotas == nil || x.destination.isForeign {
		return
	}
	a := x.attempt
	var vendors []policy.Quota
	response := answerTo(x.request, resp, a.text)
	response.Received = a.answered
	for _, q := range x.c.profile.Quotas(response) {
		if limit, isDeclared := x.c.policy.LimitNamed(q.Limit); isDeclared && !q.Freed && !x.isUnder(limit) {
			continue
		}
		vendors = append(vendors, q)
		if q.Left >= 0 {
			isSame := func(common policy.Quota) bool { return common.Limit == "" || common.Limit == q.Limit }
			a.quotas = slices.DeleteFunc(a.quotas, isSame)
		}
	}
	a.quotas = append(a.quotas, vendors...)
}

// isUnder reports whether a limit holds back requests like that of the call.
func (x *call) isUnder(limit policy.Limit) bool {
	isKnown := limit.Scope != apierrors.ScopeRecord || x.request.record != ""
	return !limit.Off && isKnown && limit.Covers(x.request.http.Method, x.request.path)
}
