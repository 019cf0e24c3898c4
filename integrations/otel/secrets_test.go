package retrywiseotel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Neither spans nor metrics have what went out with a call, or what came back with personal data:
// in whatever way the call ends, and wherever the vendor repeats it.
func TestNothingIsLeaked(t *testing.T) {
	const query, userinfo, header, token, renewed = "canary-query", "canary-userinfo", "canary-header", "canary-token-1", "canary-token-2"
	const record, key, account, id, body, message = "canary-record", "canary-key", "canary-account", "canary-id-7", "canary-body", "canary-message"
	echo := `{"error":{"code":"` + id + `","message":"` + message + `"},"token":"` + token + `"}`
	for name, answers := range map[string][]retrywisetest.Answer{
		"a success":           {retrywisetest.JSON(200, echo, "X-Request-Id", record)},
		"a refused record":    {retrywisetest.JSON(400, echo, "X-Request-Id", record)},
		"a renewal":           {retrywisetest.JSON(401, echo), retrywisetest.JSON(403, echo)},
		"a retry":             {retrywisetest.JSON(503, echo), retrywisetest.JSON(429, echo, "Retry-After", "3600")},
		"no response":         {retrywisetest.Reset(), fine},
		"a redirect":          {retrywisetest.Status(307, "Location", "/exports/"+id+"?q="+query), retrywisetest.JSON(422, echo)},
		"an unknown redirect": {retrywisetest.Status(307, "Location", "https://"+userinfo+"@storage.test/"+id+"?q="+query)},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				l := newLab(t, retrywiseotel.Options{})
				srv := retrywisetest.New(t, answers...)
				auth := client.RenewableBearer(token, func(context.Context) (string, time.Time, error) { return renewed, time.Time{}, nil })
				c := l.client(t, srv, client.Config{Auth: auth, Transport: l.Transport(srv.Transport())})
				req, err := http.NewRequestWithContext(inTrace(t, l), http.MethodPut, "http://"+userinfo+"@vendor.test/exports/"+id+"?q="+query, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = http.Header{"X-Tenant": {header}, "Cookie": {"s=" + header}}
				resp, err := c.Send(client.With(req, client.CallOptions{
					Op: "exports.put", RecordKey: record, Account: account, IdempotencyKey: key, Lookup: &policy.Lookup{Path: "/exports/{record_key}?q=" + query, At: "/id", Is: "{record_key}"},
				}))
				if err == nil {
					_ = resp.Body.Close()
				}
				spans, err := json.Marshal(tracetest.SpanStubsFromReadOnlySpans(l.recorder.Ended()))
				if err != nil {
					t.Fatal(err)
				}
				seen := fmt.Sprintf("%s\n%+v\n%s", spans, l.collect(t), strings.Join(l.lines(), "\n"))
				if !strings.Contains(seen, "exports.put") {
					t.Fatalf("nothing was recorded:\n%s", seen)
				}
				for _, secret := range []string{query, userinfo, header, token, renewed, record, key, account, id, body, message, "canary", "jane"} {
					if strings.Contains(seen, secret) {
						t.Errorf("%q is in\n%s", secret, seen)
					}
				}
			})
		})
	}
}
