package fake

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// Fail has the next requests fail, one for each of names: a code of the vendor's file such as
// E0301, a status such as "429", or the name of a rule as in Error.Rule, which tells rows for the
// same code apart. The fake then responds as the vendor does, and executes nothing. A name that
// means nothing fails the test of New, and is answered with status 500.
func (a *API) Fail(names ...string) {
	for _, name := range names {
		a.Next(a.named(name))
	}
}

// Throttle has the next request refused as one beyond a limit, in the vendor's words: the client is
// to wait so long, where the vendor's responses say it. A wait of zero is not said.
func (a *API) Throttle(wait time.Duration) {
	a.Next(func(w http.ResponseWriter, r *http.Request) {
		to := policy.Answer{Method: r.Method, Path: a.pathOf(r), Received: time.Now()}
		write(w, a.vendor.Refusal(policy.Limit{}, wait, to))
	})
}

// Next has the next requests get answers, one each, in place of what the fake would respond.
// It executes nothing.
func (a *API) Next(answers ...retrywisetest.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = append(a.next, answers...)
}

// Answer returns an answer that is a response as a decoder sees it, such as one of
// vendors.Vendor.Samples: for Next, or for a script.
func Answer(response policy.Answer) retrywisetest.Answer {
	return func(w http.ResponseWriter, _ *http.Request) { write(w, response) }
}

// takeNext returns the answer of Next that is due.
func (a *API) takeNext() (retrywisetest.Answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.next) == 0 {
		return nil, false
	}
	answer := a.next[0]
	a.next = a.next[1:]
	return answer, true
}

// named returns the answer that Fail calls name.
func (a *API) named(name string) retrywisetest.Answer {
	var found []vendors.Sample
	for _, s := range a.samples {
		if s.Code == name || s.Rule == name || s.Code == "" && strconv.Itoa(s.Status) == name {
			found = append(found, s)
		}
	}
	status, err := strconv.Atoi(name)
	switch isStatus := err == nil && status >= 200 && status <= 999; {
	case found != nil:
		return a.oneOf(found, name)
	case isStatus:
		return retrywisetest.Status(status)
	}
	text := fmt.Sprintf("fake: %s has no code, status or rule %q%s", a.vendor.Name(), name, a.nearest(name))
	if a.unknown != nil {
		a.unknown(text)
	}
	return retrywisetest.Text(http.StatusInternalServerError, text)
}

// nearest returns the end of a message about a wrong name for Fail: the nearest right one, if any.
func (a *API) nearest(name string) string {
	var names []string
	for _, s := range a.samples {
		names = append(names, s.Code, s.Rule)
	}
	near := yamlfile.Nearest(name, names)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

// oneOf returns an answer with one of samples: the first that means the same for the request that
// gets it, and of these one for the code called name alone, without a condition.
func (a *API) oneOf(samples []vendors.Sample, name string) retrywisetest.Answer {
	plain := map[string]bool{a.vendor.Name() + " code " + name: true, a.vendor.Name() + " status " + name: true}
	return func(w http.ResponseWriter, r *http.Request) {
		best, most := samples[0], -1
		for _, s := range samples {
			points := 0
			if a.means(r, s.Answer).Rule == s.Rule {
				points += 2
			}
			if plain[s.Rule] {
				points++
			}
			if points > most {
				best, most = s, points
			}
		}
		write(w, best.Answer)
	}
}

// means returns the decision about a response to r.
func (a *API) means(r *http.Request, answer policy.Answer) policy.Decision {
	answer.Method, answer.Path = r.Method, a.pathOf(r)
	f := a.vendor.Decode(answer)
	if f == nil {
		return policy.Decision{}
	}
	return a.vendor.Policy().Decide(*f, policy.State{Method: answer.Method, Path: answer.Path, CanRefresh: true})
}

// A topic is what a response of the vendor is about.
type topic struct {
	is     func(vendors.Sample) bool
	status int // of a vendor that has no such response
}

func aboutTokens() topic {
	return topic{status: http.StatusUnauthorized, is: func(s vendors.Sample) bool {
		return s.Class == apierrors.TokenExpired || s.Class == apierrors.Authentication && s.Code == ""
	}}
}

func aboutKeyInFlight() topic {
	return topic{status: http.StatusConflict, is: func(s vendors.Sample) bool { return s.IsInFlight }}
}

func aboutKeyMismatch() topic {
	return topic{status: http.StatusUnprocessableEntity, is: func(s vendors.Sample) bool { return s.IsMismatch }}
}

func aboutBadKey() topic {
	return topic{status: http.StatusBadRequest, is: func(s vendors.Sample) bool { return s.Code == "" && s.Status == http.StatusBadRequest }}
}

func aboutAbsence(l policy.Lookup) topic {
	status := http.StatusNotFound
	if len(l.Absent) > 0 {
		status = l.Absent[0].From
	}
	return topic{status: status, is: func(s vendors.Sample) bool { return s.Class == apierrors.NotFound && s.Status == status }}
}

// said returns the vendor's response about a topic to r, or a bare status if its file has none.
func (a *API) said(r *http.Request, about topic) policy.Answer {
	for _, s := range a.samples {
		if about.is(s) && a.means(r, s.Answer).Rule == s.Rule {
			return s.Answer
		}
	}
	return policy.Answer{Status: about.status, Header: http.Header{}, Received: time.Now()}
}
