package retrywisetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestNewServesAnswersInOrder(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Text(429, "slow down"), retrywisetest.JSON(200, `{}`))
		var statuses []int
		for range 3 {
			statuses = append(statuses, mustDo(t, srv, "GET", "/", "").Status)
		}
		if diff := cmp.Diff([]int{503, 429, 200}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if n := srv.Conns(); n != 1 {
			t.Errorf("%d connections; want 1, used three times", n)
		}
	})
}

func TestNewFailsTheTestUnlessTheScriptFits(t *testing.T) {
	for name, tt := range map[string]struct {
		answers  int
		requests int
		want     []string
	}{
		"one for each": {2, 2, nil},
		"one too few":  {1, 2, []string{"retrywisetest: no answer left for GET /; 1 were scripted"}},
		"one too many": {3, 2, []string{"retrywisetest: 1 of 3 scripted answers were not used"}},
		"none at all":  {0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				fake := &fakeT{TB: t}
				var answers []retrywisetest.Answer
				for range tt.answers {
					answers = append(answers, retrywisetest.Status(204))
				}
				srv := retrywisetest.New(fake, answers...)
				var last got
				for range tt.requests {
					last = mustDo(t, srv, "GET", "/", "")
				}
				fake.end()
				if diff := cmp.Diff(tt.want, fake.failures); diff != "" {
					t.Errorf("failures (-want +got):\n%s", diff)
				}
				surplus := got{500, "text/plain; charset=utf-8", "retrywisetest: no answer left"}
				if tt.requests > tt.answers && last != surplus {
					t.Errorf("surplus request got %v; want %v", last, surplus)
				}
			})
		})
	}
}
