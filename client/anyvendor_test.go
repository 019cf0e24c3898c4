package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Without a vendor, responses are judged by status, and Retry-After is honoured.
func TestAnyVendorHonoursRetryAfter(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503, "Retry-After", "7"), retrywisetest.JSON(200, `{}`))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		status, err := send(t.Context(), t, c, "GET", srv.URL()+"/any", "")
		if status != 200 || err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("got status %d, error %v after %v; want 200 after 7s", status, err, time.Since(start))
		}
	})
}

// Without a vendor, what a status proves decides about a POST.
func TestAnyVendorJudgesByStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		answer   retrywisetest.Answer
		requests int
		class    apierrors.Class
	}{
		"408: the server did not get the request":    {retrywisetest.Status(408), 2, apierrors.None},
		"421: the server is not the one for it":      {retrywisetest.Status(421), 2, apierrors.None},
		"423: somebody else has the lock":            {retrywisetest.Status(423), 2, apierrors.None},
		"403 with a wait is a limit":                 {retrywisetest.Status(403, "Retry-After", "60"), 2, apierrors.None},
		"403 is a right that is missing":             {retrywisetest.Status(403), 1, apierrors.Permission},
		"407: the proxy did not forward it":          {retrywisetest.Status(407), 1, apierrors.Authentication},
		"503: the vendor may have executed the POST": {retrywisetest.Status(503), 1, apierrors.ServerError},
		"409 with a wait: the caller runs it again":  {retrywisetest.Status(409, "Retry-After", "30"), 1, apierrors.Conflict},
		"477 with a wait: it may have been executed": {retrywisetest.Status(477, "Retry-After", "30"), 1, apierrors.Unknown},
		"504 with a wait: it may have been executed": {retrywisetest.Status(504, "Retry-After", "30"), 1, apierrors.Timeout},
		"402 with a wait is a limit":                 {retrywisetest.Status(402, "Retry-After", "5"), 2, apierrors.None},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, script{tt.answer, retrywisetest.Status(200)}[:tt.requests]...)
				c := newClientOf(t, client.Config{Transport: srv.Transport()})
				_, err := send(t.Context(), t, c, "POST", srv.URL()+"/any", "x")
				if got := len(srv.Requests()); got != tt.requests || apierrors.ClassOf(err) != tt.class {
					t.Errorf("%d requests, then %v; want %d, class %v", got, err, tt.requests, tt.class)
				}
			})
		})
	}
}

// A wait beside any failure is told, and the failure is temporary, unless a later run may
// execute a write twice.
func TestAnyVendorTellsEveryWait(t *testing.T) {
	for name, tt := range map[string]struct {
		method string
		status int
		want   bool
	}{
		"GET, 409": {"GET", 409, true}, "GET, 420": {"GET", 420, true}, "GET, 477": {"GET", 477, true}, "GET, 404": {"GET", 404, true},
		"POST, 409": {"POST", 409, true}, "POST, 422": {"POST", 422, true}, "POST, 477": {"POST", 477, false},
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(tt.status, "Retry-After", "30"))
			c := newClientOf(t, client.Config{Transport: srv.Transport()})
			_, err := send(t.Context(), t, c, tt.method, srv.URL()+"/any", "")
			at, known := apierrors.RetryAt(err)
			if known != tt.want || apierrors.Temporary(err) != tt.want || known && time.Until(at) != 30*time.Second {
				t.Errorf("%s: retry at %v (known: %v), temporary %v; want %v", name, at, known, apierrors.Temporary(err), tt.want)
			}
		})
	}
}

// Without a vendor, problem documents (RFC 9457) are read.
func TestAnyVendorReadsProblemDocuments(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(422, `{"type":"https://e.test/x","title":"Bad","errors":[{"detail":"must be positive","pointer":"#/age"}]}`,
			"Content-Type", "application/problem+json"))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = send(t.Context(), t, c, "POST", srv.URL()+"/any", "x")
		want := []apierrors.Field{{Path: "age", Message: "must be positive"}}
		e := failure(t, err)
		if diff := cmp.Diff(want, e.Fields); diff != "" || e.Class != apierrors.Validation {
			t.Errorf("class %v, want validation; fields (-want +got):\n%s", e.Class, diff)
		}
	})
}

// Without a vendor, a map from fields to their errors gives the fields. The texts of the vendor
// may hold values of the record, and do not leave.
func TestAnyVendorReadsFieldMaps(t *testing.T) {
	for name, body := range map[string]string{
		"Laravel":               `{"message":"Jane is taken.","errors":{"first_name":["Jane is taken."]}}`,
		"Rails":                 `{"errors":{"first_name":["Jane is taken."]}}`,
		"Django REST framework": `{"first_name":["Jane is taken."]}`,
		"ASP.NET":               `{"type":"https://tools.ietf.org/html/rfc4918#section-11.2","title":"Bad","errors":{"first_name":["Jane is taken."]}}`,
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.JSON(422, body))
			c := newClientOf(t, client.Config{Transport: srv.Transport()})
			_, err := send(t.Context(), t, c, "POST", srv.URL()+"/any", "x")
			e := failure(t, err)
			if diff := cmp.Diff([]apierrors.Field{{Path: "first_name", Message: "Jane is taken."}}, e.Fields); diff != "" {
				t.Errorf("%s: fields (-want +got):\n%s", name, diff)
			}
			if text := e.Error(); !strings.Contains(text, "first_name") || strings.Contains(text, "Jane") {
				t.Errorf("%s: %s; want the field without its value", name, text)
			}
		})
	}
}
