package retrywisetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

const page502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer     retrywisetest.Answer
		want       got
		retryAfter string
	}{
		"status":             {retrywisetest.Status(429, "Retry-After", "7"), got{Status: 429}, "7"},
		"json":               {retrywisetest.JSON(200, `{"a":1}`), got{200, "application/json", `{"a":1}`}, ""},
		"json with a header": {retrywisetest.JSON(503, `{}`, "X-Id", "1", "Retry-After", "3"), got{503, "application/json", `{}`}, "3"},
		"html":               {retrywisetest.HTML(502, "Retry-After", "5"), got{502, "text/html", page502}, "5"},
		"text":               {retrywisetest.Text(400, "no"), got{400, "text/plain; charset=utf-8", "no"}, ""},
		"text with a header": {retrywisetest.Text(400, "no", "Retry-After", "9"), got{400, "text/plain; charset=utf-8", "no"}, "9"},
		"body":               {retrywisetest.Body(200, "text/csv", "a,b\n"), got{200, "text/csv", "a,b\n"}, ""},
		"body without type":  {retrywisetest.Body(200, "", "<p>"), got{200, "text/html; charset=utf-8", "<p>"}, ""},
		"own function":       {retrywisetest.After(0, retrywisetest.Status(204)), got{Status: 204}, ""},
		"half a header":      {retrywisetest.Status(200, "X-Id"), got{500, "text/plain; charset=utf-8", `retrywisetest: header key "X-Id" has no value`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answer)
				resp, err := open(t.Context(), srv, "GET", "/", "")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				g := got{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if h := resp.Header.Get("Retry-After"); h != tt.retryAfter {
					t.Errorf("Retry-After %q; want %q", h, tt.retryAfter)
				}
			})
		})
	}
}

func TestAfterTakesVirtualTime(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.After(time.Hour, retrywisetest.JSON(200, `{}`)))
		start := time.Now()
		mustDo(t, srv, "GET", "/", "")
		if d := time.Since(start); d != time.Hour {
			t.Errorf("the answer took %v; want 1h", d)
		}
	})
}

func TestAnswersEndWhenTheClientGivesUp(t *testing.T) {
	ok := retrywisetest.Status(200)
	for name, handler := range map[string]http.Handler{
		"hang":             retrywisetest.Hang(),
		"late answer":      retrywisetest.After(time.Hour, ok),
		"hang that is cut": retrywisetest.Cut(retrywisetest.Hang()),
		"slow":             retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.Slow), Delay: time.Hour}.Handler(ok),
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, handler)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				if _, err := do(ctx, srv, "POST", "/", "x"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v; want the deadline", err)
				}
				if d := time.Since(start); d != time.Minute {
					t.Errorf("gave up after %v; want 1m", d)
				}
			})
		})
	}
}
