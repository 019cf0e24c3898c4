package testserver_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	springPlayers     = "/v1/campaign/7/registrations"
	springCopy        = "/v1/campaign/copy/7"
	springStatistics  = "/v1/campaign/7/game-data-statistics"
	playableMissing   = `{"message":"Not Found"}`
	playableThrottled = `{"message":"Too Many Attempts."}`
)

// playable is a fake Playable and a caller with the newest token.
type playable struct {
	*testserver.Playable
	caller
}

// playableOf returns p, which srv serves, and a caller.
func playableOf(t *testing.T, p *testserver.Playable, srv *retrywisetest.Server) playable {
	header := func() []string { return []string{"Content-Type", kind, "Authorization", "Bearer " + p.Token()} }
	return playable{p, caller{t, srv, header}}
}

// newPlayable returns a fake with campaign 7, which has 25 registrations, campaign 8,
// which has none, and a valid token.
func newPlayable(t *testing.T, service testserver.Service) playable {
	p := testserver.NewPlayable(service)
	p.AddCampaign(8, "Autumn", 0)
	p.AddCampaign(7, "Spring", 25)
	v := playableOf(t, p, retrywisetest.Handle(t, p))
	v.fetchToken()
	return v
}

// fetchToken requests a token.
func (v playable) fetchToken() got {
	v.t.Helper()
	return v.mustDo("POST", "/oauth/token", playableGrant, "Content-Type", kind)
}

func TestPlayableRules(t *testing.T) {
	const perPage = `{"message":"The per page must be between 10 and 500."}`
	const nameless = `{"message":"The name field is required."}`
	for name, tt := range map[string]struct {
		method, path, body string
		want               got
	}{
		"campaigns": {"GET", "/v1/campaigns", "",
			got{200, kind, `{"data":[{"id":7,"name":"Spring"},{"id":8,"name":"Autumn"}],
			"links":{"first":"http://vendor.test/v1/campaigns?page=1","last":"http://vendor.test/v1/campaigns?page=1","prev":null,"next":null},
			"meta":{"current_page":1,"from":1,"path":"http://vendor.test/v1/campaigns","per_page":10,"to":2}}`}},
		"registrations, last page": {"GET", springPlayers + "?page=3&per_page=12", "",
			got{200, kind, `{"data":[{"id":7000025,"name":"Player 7000025","email":"player-7000025@example.com","created_on":"2026-01-01T00:24:00+00:00"}],
			"links":{"first":"http://vendor.test/v1/campaign/7/registrations?page=1\u0026per_page=12",
			"last":"http://vendor.test/v1/campaign/7/registrations?page=3\u0026per_page=12",
			"prev":"http://vendor.test/v1/campaign/7/registrations?page=2\u0026per_page=12","next":null},
			"meta":{"current_page":3,"from":25,"path":"http://vendor.test/v1/campaign/7/registrations","per_page":12,"to":25}}`}},
		"no registrations": {"GET", "/v1/campaign/8/registrations", "",
			got{200, kind, `{"data":[],
			"links":{"first":"http://vendor.test/v1/campaign/8/registrations?page=1","last":"http://vendor.test/v1/campaign/8/registrations?page=1","prev":null,"next":null},
			"meta":{"current_page":1,"from":null,"path":"http://vendor.test/v1/campaign/8/registrations","per_page":10,"to":null}}`}},
		"registrations of nothing":        {"GET", "/v1/campaign/9/registrations", "", got{404, kind, playableMissing}},
		"registrations of a word":         {"GET", "/v1/campaign/spring/registrations", "", got{404, kind, playableMissing}},
		"per_page too small":              {"GET", springPlayers + "?per_page=9", "", got{422, kind, perPage}},
		"per_page too large":              {"GET", springPlayers + "?per_page=501", "", got{422, kind, perPage}},
		"per_page is no number":           {"GET", springPlayers + "?per_page=all", "", got{422, kind, perPage}},
		"campaign type":                   {"GET", "/v1/campaign-type/7", "", got{403, kind, `{"message":"Unable to locate campaign type"}`}},
		"copy":                            {"POST", springCopy, `{"name":"Summer","include_bulk_prizes":false}`, got{200, kind, `{"data":{"id":9,"name":"Summer"}}`}},
		"copy, second address":            {"POST", "/v1/campaign/7/copy", `{"name":"Summer"}`, got{201, kind, `{"data":{"id":9,"name":"Summer"}}`}},
		"copy without a name":             {"POST", springCopy, `{}`, got{422, kind, nameless}},
		"copy that is no JSON":            {"POST", springCopy, `{`, got{422, kind, nameless}},
		"copy of nothing":                 {"POST", "/v1/campaign/copy/9", `{"name":"Summer"}`, got{404, kind, playableMissing}},
		"copy of nothing, second address": {"POST", "/v1/campaign/9/copy", `{"name":"Summer"}`, got{404, kind, playableMissing}},
		"another action":                  {"POST", "/v1/campaign/7/dance", `{}`, got{404, kind, playableMissing}},
		"unknown path":                    {"GET", "/v1/prizes", "", got{404, kind, playableMissing}},
		"another method":                  {"PUT", "/v1/campaigns", "", got{404, kind, playableMissing}},
		"statistics": {"GET", springStatistics, "",
			got{200, kind, `{"metric":"plays","metric_id":"1","distribution":{"id":"1","label":"Played","count":25,"percentage":100},"total":25}`}},
		"statistics of an unsupported game": {"GET", "/v1/campaign/8/game-data-statistics", "", got{404, kind, `[]`}},
		"statistics of nothing":             {"GET", "/v1/campaign/9/game-data-statistics", "", got{404, kind, playableMissing}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{})
				v.WithoutStatistics(8)
				v.WithoutStatistics(9) // does not exist
				tt.want.Body = compact(t, tt.want.Body)
				if diff := cmp.Diff(tt.want, v.mustSend(tt.method, tt.path, tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestPlayableCopies(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		for _, step := range []struct{ path, body string }{
			{springCopy, `{"name":"Summer"}`},
			{springCopy, `{"name":"Summer"}`},
			{springCopy, `{"name":"Winter"}`},
			{"/v1/campaign/copy/8", `{"name":"Summer"}`},
			{springCopy, `{"name":""}`},
		} {
			v.mustSend("POST", step.path, step.body)
		}
		if diff := cmp.Diff([]string{"7/Summer", "7/Winter", "8/Summer"}, v.Copies().Keys()); diff != "" {
			t.Errorf("copies (-want +got):\n%s", diff)
		}
		if n := v.Copies().Duplicates(); n != 1 {
			t.Errorf("%d duplicates; want 1", n)
		}
		list := playablePageOf(t, v.mustSend("GET", "/v1/campaigns", ""))
		if n := len(list.Data); n != 6 {
			t.Errorf("%d campaigns; want 6, as each copy is one more", n)
		}
		if ids := v.Registrations(9); len(ids) != 0 {
			t.Errorf("a copy has the registrations %v; want none", ids)
		}
	})
}

func TestPlayableIsSafeForConcurrentUse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const pages = 25
		v := newPlayable(t, testserver.Service{Latency: time.Second})
		v.AddCampaign(7, "Spring", 10*pages)
		var wg sync.WaitGroup
		for i := range pages {
			wg.Go(func() { v.mustSend("GET", fmt.Sprintf("%s?page=%d", springPlayers, i+1), "") })
		}
		wg.Wait()
		if n := v.Peak(); n != pages {
			t.Errorf("peak %d; want %d", n, pages)
		}
		if n, again := v.Served().Total(), v.Served().Duplicates(); n != 10*pages || again != 0 {
			t.Errorf("%d served, %d again; want %d and none", n, again, 10*pages)
		}
	})
}
