package testserver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// playableMeter has the headers about limits.
type playableMeter struct {
	Status                 int
	Limit, Remaining, Wait string
}

// metered sends a request and returns the headers about limits.
func (v playable) metered(method, path, body string) playableMeter {
	v.t.Helper()
	resp, err := v.open(v.t.Context(), method, path, body, "Content-Type", kind, "Authorization", "Bearer "+v.Token())
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	return playableMeter{
		Status:    resp.StatusCode,
		Limit:     resp.Header.Get("X-RateLimit-Limit"),
		Remaining: resp.Header.Get("X-RateLimit-Remaining"),
		Wait:      resp.Header.Get("Retry-After"),
	}
}

func TestPlayableMeter(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.BadGateway)})
		for _, step := range []struct {
			path string
			want playableMeter
		}{
			{"/v1/campaigns", playableMeter{200, "3600", "3598", ""}}, // the first request was for the token
			{"/v1/campaigns", playableMeter{502, "3600", "3597", ""}},
			{"/v1/nothing", playableMeter{404, "3600", "3596", ""}},
			{"/v1/campaign-type/1", playableMeter{403, "3600", "3595", ""}},
		} {
			if diff := cmp.Diff(step.want, v.metered("GET", step.path, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step.path, diff)
			}
		}
	})
}

func TestPlayableHourlyLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{}) // sends one request, for the token
		<-time.After(time.Minute)
		for range 3599 {
			if g := v.mustSend("GET", "/v1/campaigns", ""); g.Status != 200 {
				t.Fatalf("%v; want 200", g)
			}
		}
		for _, step := range []struct {
			method, path string
			pause        time.Duration
			want         playableMeter
		}{
			{"GET", "/v1/campaigns", 0, playableMeter{429, "3600", "0", "3540"}},
			{"POST", "/oauth/token", 0, playableMeter{403, "3600", "0", "3540"}},
			{"GET", "/v1/campaigns", 59*time.Minute - 1, playableMeter{429, "3600", "0", "1"}},
			{"GET", "/v1/campaigns", 1, playableMeter{401, "3600", "3599", ""}}, // the token has expired, too
		} {
			<-time.After(step.pause)
			if diff := cmp.Diff(step.want, v.metered(step.method, step.path, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step.path, diff)
			}
		}
		if n := v.Throttled(); n != 3 {
			t.Errorf("%d throttled; want 3", n)
		}
	})
}

func TestPlayableEndpointLimits(t *testing.T) {
	const summer = `{"name":"Summer"}`
	for name, tt := range map[string]struct {
		method, path, other, body string
		allowed                   int
		per                       time.Duration
	}{
		"copy":        {"POST", springCopy, "/v1/campaign/8/copy", summer, 10, time.Minute},
		"statistics":  {"GET", springStatistics, "/v1/campaign/8/game-data-statistics", "", 1, time.Minute},
		"pause":       {"POST", "/v1/campaign/7/pause", "/v1/campaign/8/pause", "", 1, time.Minute},
		"resume":      {"POST", "/v1/campaign/7/resume", "/v1/campaign/8/resume", "", 1, time.Minute},
		"clear-cache": {"POST", "/v1/campaign/7/clear-cache", "/v1/campaign/8/clear-cache", "", 1, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{})
				for i := range tt.allowed {
					if g := v.mustSend(tt.method, tt.path, tt.body); g.Status != 200 {
						t.Errorf("call %d: %v; want 200", i, g)
					}
				}
				<-time.After(20 * time.Second)
				rest := tt.per - 20*time.Second
				want := []playableMeter{
					{429, "3600", fmt.Sprint(3600 - tt.allowed - 2), fmt.Sprint(rest.Seconds())},
					{403, "3600", fmt.Sprint(3600 - tt.allowed - 3), fmt.Sprint(rest.Seconds())},
				}
				// the limit is that of the app, not of a campaign
				limited := []playableMeter{v.metered(tt.method, tt.path, tt.body), v.metered(tt.method, tt.other, tt.body)}
				if diff := cmp.Diff(want, limited); diff != "" {
					t.Errorf("beyond the limit (-want +got):\n%s", diff)
				}
				<-time.After(rest)
				if g := v.mustSend(tt.method, tt.path, tt.body); g.Status != 200 {
					t.Errorf("%v later: %v; want 200", rest, g)
				}
			})
		})
	}
}

func TestPlayableDoesNotExecuteThrottledCopies(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		for i := range 12 {
			v.mustSend("POST", springCopy, fmt.Sprintf(`{"name":"Copy %d"}`, i))
		}
		if n := v.Copies().Total(); n != 10 {
			t.Errorf("%d copies; want 10", n)
		}
	})
}

func TestPlayableActions(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		for path, want := range map[string]got{
			"/v1/campaign/7/pause":       {200, kind, `{"data":{"id":7,"name":"Spring"}}`},
			"/v1/campaign/9/resume":      {404, kind, playableMissing},
			"/v1/campaign/8/clear-cache": {200, kind, `{"data":{"id":8,"name":"Autumn"}}`},
			"/v1/campaign/7/activate":    {404, kind, playableMissing},
		} {
			if diff := cmp.Diff(want, v.mustSend("POST", path, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		if diff := cmp.Diff([]string{"7/pause", "8/clear-cache"}, v.Actions().Keys()); diff != "" {
			t.Errorf("executed (-want +got):\n%s", diff)
		}
	})
}

func TestPlayablePerSecond(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{PerSecond: 1})
		want := []playableMeter{{200, "3600", "3598", ""}, {429, "3600", "3597", "1"}, {403, "3600", "3596", "1"}}
		var answers []playableMeter
		for range want {
			answers = append(answers, v.metered("GET", "/v1/campaigns", ""))
		}
		if diff := cmp.Diff(want, answers); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
	})
}
