package vendors_test

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// Each row of each file that is about a code decides a response with that code, in each of the
// forms in which the vendor writes codes.
func TestDecodeAndDecideEveryCode(t *testing.T) {
	for _, name := range vendors.Names() {
		t.Run(name, func(t *testing.T) {
			v := lookup(t, name)
			for _, s := range v.Samples() {
				f := v.Decode(s.Answer)
				if f == nil {
					t.Errorf("%s: no failure in status %d, %s", s.Rule, s.Status, s.Body)
					continue
				}
				d := v.Policy().Decide(*f, policy.State{Method: s.Method, Path: s.Path, MaxWait: new(1000 * time.Hour), CanRefresh: true, CanShrink: true})
				isAction := s.Action == apierrors.ActionNone || s.Action == d.Action
				if d.Rule != s.Rule || d.Class != s.Class || !isAction {
					t.Errorf("status %d, %s: %s, %v, %v; want %s, %v, %v", s.Status, s.Body, d.Rule, d.Class, d.Action, s.Rule, s.Class, s.Action)
				}
			}
		})
	}
}
