package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

const canary = "c4n4ry-s3cret"

// echo is a vendor whose failures have the secret in codes, messages, fields and details.
type echo struct{ shop }

func (echo) Decode(a policy.Answer) *policy.Failure {
	if a.Status < 400 {
		return nil
	}
	return &policy.Failure{
		Status: a.Status, Details: map[string]any{"echo": canary},
		Items: []apierrors.Field{
			{Code: canary, Message: canary}, {Code: canary + " is no code", Message: canary}, {Path: canary, Code: "x." + canary},
			{Path: "a " + canary + "@b", Code: "BAD", Message: canary},
		},
	}
}

// A secret that is in every part of a call, and in the vendor's response, appears in no
// error, event or log, whatever goes wrong.
func TestSecretsAreNotPrinted(t *testing.T) {
	body := fmt.Sprintf(`{"token":%q,"url":"https://u:%s@h/?k=%s"}`, canary, canary, canary)
	echoing := func(status int) retrywisetest.Answer {
		return retrywisetest.JSON(status, body, "X-Request-Id", canary, "X-Echo", canary, "Location", "https://h/?k="+canary)
	}
	refused := &net.OpError{Op: "dial", Err: errors.New("refused for " + canary)}
	for name, tt := range map[string]struct {
		answers script
		wire    func(*retrywisetest.Server) http.RoundTripper // nil: the server's
		renew   error
	}{
		"refused record":           {answers: repeated(echoing(422))},
		"server error":             {answers: repeated(echoing(503))},
		"rate limit":               {answers: script{echoing(429), retrywisetest.JSON(429, body, "Retry-After", "3600")}},
		"redirect":                 {answers: repeated(echoing(302))},
		"success that is not JSON": {answers: repeated(retrywisetest.Text(200, canary))},
		"closed connection":        {answers: repeated(retrywisetest.Reset())},
		"failed dial":              {wire: func(srv *retrywisetest.Server) http.RoundTripper { return failing(srv, 99, refused) }},
		"transport prints it":      {wire: func(*retrywisetest.Server) http.RoundTripper { return silent{errors.New(canary)} }},
		"failed renewal":           {answers: repeated(retrywisetest.Status(401)), renew: errors.New("invalid secret " + canary)},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				handler := retrywisetest.Script(tt.answers...)
				srv := retrywisetest.Handle(t, handler)
				var log bytes.Buffer
				var seen events
				cfg := client.Config{
					Vendor: echo{shop{shopPolicy(t)}}, Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
					Observer: seen.observer(), Auth: renewable(canary, func(context.Context) (string, error) { return "new-" + canary, tt.renew }),
				}
				if tt.wire != nil {
					cfg.Transport = tt.wire(srv)
				}
				c := newClient(t, srv, cfg)
				options := client.CallOptions{Op: "items.put", RecordKey: canary, IdempotencyKey: canary, MaxWait: new(time.Duration(1 << 40))}
				var printed strings.Builder
				for _, err := range append(dropInCanary(t, c, srv, options), sendCanary(t, c, srv, options), doCanary(t, c, options)) {
					if err == nil {
						continue // a redirect is not a failure
					}
					e := failure(t, err)
					asJSON, jsonErr := json.Marshal(e)
					if jsonErr != nil {
						t.Fatal(jsonErr)
					}
					fmt.Fprintf(&printed, "%v %+v %#v %q %s %s\n", e, e, e, e, *e, asJSON)
				}
				fmt.Fprintf(&printed, "%+v %#v\n%+v\n%+v\n%+v\n", seen.calls, seen.calls, seen.attempts, seen.waits, seen.renewals)
				if out := printed.String() + log.String(); strings.Contains(out, canary) || !strings.Contains(out, "items.put") {
					t.Errorf("got the secret, or nothing, in:\n%s", out)
				}
			})
		})
	}
}

// repeated returns enough of one answer for every attempt of a test.
func repeated(answer retrywisetest.Answer) script {
	return slices.Repeat(script{answer}, 30)
}

// canaryRequest returns a request with the secret in userinfo, path, query, header and body.
func canaryRequest(t *testing.T, srv *retrywisetest.Server, o client.CallOptions) *http.Request {
	t.Helper()
	host := strings.TrimPrefix(srv.URL(), "http://")
	target := fmt.Sprintf("http://u:%s@%s/items/%s@b.c?key=%s#%s", canary, host, canary, canary, canary)
	req := newRequestOf(t, http.MethodPut, target, strings.NewReader(canary))
	req.Header.Set("X-Api-Key", canary)
	return client.With(req, o)
}

func sendCanary(t *testing.T, c *client.Client, srv *retrywisetest.Server, o client.CallOptions) error {
	t.Helper()
	_, err := sendRequest(t, c.Send, canaryRequest(t, srv, o))
	return err
}

// dropInCanary returns what Check returns for the response of HTTP, or its cleaned error.
func dropInCanary(t *testing.T, c *client.Client, srv *retrywisetest.Server, o client.CallOptions) []error {
	t.Helper()
	resp, err := c.HTTP().Do(canaryRequest(t, srv, o))
	if err != nil {
		return []error{client.CleanError(fmt.Errorf("the job says: %w", err))}
	}
	defer resp.Body.Close()
	again := *resp // which is known by its body alone
	return []error{c.Check(resp), c.Check(&again)}
}

func doCanary(t *testing.T, c *client.Client, o client.CallOptions) error {
	t.Helper()
	_, err := client.Do[item](t.Context(), c, client.Call{
		Method: http.MethodPut, Path: "/items/" + canary + "@b.c", Query: url.Values{"key": {canary}},
		Header: http.Header{"X-Api-Key": {canary}}, Body: canary, Options: o,
	})
	return err
}
