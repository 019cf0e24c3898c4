package testserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const playable599 = "<html>\r\n<head><title>599 Network Connect Timeout Error</title></head>\r\n<body>\r\n<center><h1>599 Network Connect Timeout Error</h1></center>\r\n</body>\r\n</html>\r\n"

func TestPlayableFaults(t *testing.T) {
	throttled := func(status int) got { return got{status, kind, playableThrottled} }
	for name, tt := range map[string]struct {
		faults []retrywisetest.Fault // the last one is checked
		want   got
		err    error
		copies int
		status int // in Statuses
	}{
		"none": {[]retrywisetest.Fault{retrywisetest.NoFault},
			got{200, kind, `{"data":{"id":9,"name":"Summer"}}`}, nil, 1, 200},
		"unavailable": {[]retrywisetest.Fault{retrywisetest.Unavailable},
			got{503, kind, `{"message":"Service Unavailable"}`}, nil, 0, 503},
		"unavailable, second time": {[]retrywisetest.Fault{retrywisetest.Unavailable, retrywisetest.Unavailable},
			got{503, "text/html", page503}, nil, 0, 503},
		"bad gateway":     {[]retrywisetest.Fault{retrywisetest.BadGateway}, got{502, "text/html", page502}, nil, 0, 502},
		"gateway timeout": {[]retrywisetest.Fault{retrywisetest.GatewayTimeout}, got{504, "text/html", page504}, nil, 0, 504},
		"reset before":    {[]retrywisetest.Fault{retrywisetest.ResetBefore}, got{}, io.EOF, 0, 0},
		"reset after":     {[]retrywisetest.Fault{retrywisetest.ResetAfter}, got{}, io.EOF, 1, 0},
		"cut body":        {[]retrywisetest.Fault{retrywisetest.CutBody}, got{200, kind, `{"data":{"id":9,`}, io.ErrUnexpectedEOF, 1, 200},
		"gateway limited": {[]retrywisetest.Fault{retrywisetest.RateLimited}, throttled(429), nil, 0, 429},
		"lead limited":    {[]retrywisetest.Fault{testserver.LeadLimited}, throttled(429), nil, 0, 429},
		"server error":    {[]retrywisetest.Fault{retrywisetest.ServerError}, got{500, kind, `{"message":"Server Error"}`}, nil, 0, 500},
		"disguised":       {[]retrywisetest.Fault{testserver.Disguised}, got{599, "text/html", playable599}, nil, 0, 599},
		"expire token":    {[]retrywisetest.Fault{testserver.ExpireToken}, got{401, kind, playableRefused}, nil, 0, 401},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				var g got
				var err error
				for range tt.faults {
					g, err = v.send("POST", springCopy, `{"name":"Summer"}`)
				}
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := v.Copies().Count("7/Summer"); n != tt.copies {
					t.Errorf("%d copies; want %d", n, tt.copies)
				}
				want := map[int]int{200: 1} // the token
				want[tt.status] += len(tt.faults)
				if diff := cmp.Diff(want, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestPlayableLimitWait(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{
			Faults:    retrywisetest.Sequence(retrywisetest.RateLimited, testserver.LeadLimited),
			LimitWait: 1500 * time.Millisecond,
		})
		want := []playableMeter{{429, "3600", "3598", "2"}, {403, "3600", "3597", "2"}}
		answers := []playableMeter{v.metered("GET", "/v1/campaigns", ""), v.metered("GET", "/v1/campaigns", "")}
		if diff := cmp.Diff(want, answers); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
	})
}

func TestPlayableServedLeavesOutIncompletePages(t *testing.T) {
	for _, fault := range []retrywisetest.Fault{retrywisetest.CutBody, retrywisetest.ResetAfter, retrywisetest.ResetBefore, testserver.Disguised} {
		t.Run(fault.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{Faults: retrywisetest.Sequence(fault)})
				v.srv.Transport().CloseIdleConnections() // net/http would repeat the GET
				_, _ = v.send("GET", springPlayers, "")  // it fails
				if n := v.Served().Total(); n != 0 {
					t.Errorf("%d served; want none", n)
				}
				v.mustSend("GET", springPlayers, "")
				if n, again := v.Served().Total(), v.Served().Duplicates(); n != 10 || again != 0 {
					t.Errorf("%d served, %d again; want 10 and none", n, again)
				}
			})
		})
	}
}

func TestPlayableCopiesAfterALostAnswer(t *testing.T) {
	for _, fault := range []retrywisetest.Fault{retrywisetest.ResetAfter, retrywisetest.CutBody} {
		t.Run(fault.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{Faults: retrywisetest.Sequence(fault)})
				_, _ = v.send("POST", springCopy, `{"name":"Summer"}`) // executed
				v.mustSend("POST", springCopy, `{"name":"Summer"}`)
				if n := v.Copies().Duplicates(); n != 1 {
					t.Errorf("%d duplicates; want 1", n)
				}
			})
		})
	}
}

func TestPlayableClientDisconnects(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{Latency: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, err := v.do(ctx, "GET", springPlayers, "", "Authorization", "Bearer "+v.Token())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v; want the deadline", err)
		}
		if n := v.Served().Total(); n != 0 {
			t.Errorf("%d served; want none", n)
		}
	})
}

// Many clients retry until they have their page: every registration is served once.
func TestPlayableClientsThatRetry(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const pages = 60
		v := newPlayable(t, testserver.Service{Faults: testserver.Seeded(5, 0.4), Latency: 50 * time.Millisecond, PerSecond: 20})
		v.AddCampaign(7, "Spring", 10*pages)
		var wg sync.WaitGroup
		for i := range pages {
			wg.Go(func() { v.untilServed(fmt.Sprintf("%s?page=%d", springPlayers, i+1)) })
		}
		wg.Wait()
		if n := len(v.Served().Keys()); n != 10*pages {
			t.Errorf("%d registrations served; want %d", n, 10*pages)
		}
		if n := v.Served().Duplicates(); n != 0 {
			t.Errorf("%d served again; want none", n)
		}
		if n := v.EarlyTokens(); n != 0 {
			t.Errorf("%d early tokens; want none", n)
		}
		for _, status := range []int{0, 200, 403, 429, 500, 502, 503, 504, 599} {
			if v.Statuses()[status] == 0 {
				t.Errorf("no status %d among %v", status, v.Statuses())
			}
		}
	})
}

func (v playable) untilServed(path string) {
	for range 1000 {
		g, err := v.send("GET", path, "")
		if err == nil && g.Status == 200 {
			return
		}
		<-time.After(time.Second)
	}
	v.t.Errorf("%s: no page after 1000 requests", path)
}
