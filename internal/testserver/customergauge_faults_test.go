package testserver_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestCustomerGaugeFaults(t *testing.T) {
	const noDatabase, failedQuery = "Could not make connection to database.", "Query could not be executed correctly."
	const xmlKind = "application/xml"
	for name, tt := range map[string]struct {
		faults       []retrywisetest.Fault // the last one is checked
		method, path string
		want         got
		err          error
		executed     int
		status       int // of the last, in Statuses
	}{
		"none":      {[]retrywisetest.Fault{retrywisetest.NoFault}, "POST", gaugeJSON, got{200, kind, `{"Data":{"id":"upload-1","records":1}}`}, nil, 1, 200},
		"none, XML": {[]retrywisetest.Fault{retrywisetest.NoFault}, "POST", gaugeXML, got{200, xmlKind, `<Data><id>upload-1</id><records>1</records></Data>`}, nil, 1, 200},
		"unavailable": {[]retrywisetest.Fault{retrywisetest.Unavailable}, "POST", gaugeXML,
			got{503, kind, `{"message":"Service Unavailable"}`}, nil, 0, 503},
		"unavailable, second time": {[]retrywisetest.Fault{retrywisetest.Unavailable, retrywisetest.Unavailable}, "POST", gaugeJSON,
			got{503, "text/html", page503}, nil, 0, 503},
		"bad gateway":     {[]retrywisetest.Fault{retrywisetest.BadGateway}, "POST", gaugeJSON, got{502, "text/html", page502}, nil, 0, 502},
		"gateway timeout": {[]retrywisetest.Fault{retrywisetest.GatewayTimeout}, "POST", gaugeJSON, got{504, "text/html", page504}, nil, 0, 504},
		"reset before":    {[]retrywisetest.Fault{retrywisetest.ResetBefore}, "POST", gaugeJSON, got{}, io.EOF, 0, 0},
		"reset after":     {[]retrywisetest.Fault{retrywisetest.ResetAfter}, "POST", gaugeJSON, got{}, io.EOF, 1, 0},
		"cut body": {[]retrywisetest.Fault{retrywisetest.CutBody}, "POST", gaugeJSON,
			got{200, kind, `{"Data":{"id":"uplo`}, io.ErrUnexpectedEOF, 1, 200},
		"gateway limited": {[]retrywisetest.Fault{retrywisetest.RateLimited}, "POST", gaugeJSON, got{429, "text/html", page429}, nil, 0, 429},
		"lead limited":    {[]retrywisetest.Fault{testserver.LeadLimited}, "POST", gaugeJSON, got{429, "text/html", page429}, nil, 0, 429},
		"server error":    {[]retrywisetest.Fault{retrywisetest.ServerError}, "POST", gaugeJSON, got{Status: 500}, nil, 0, 500},
		"server error, second time": {[]retrywisetest.Fault{retrywisetest.ServerError, retrywisetest.ServerError}, "POST", gaugeJSON,
			got{200, kind, `{"Data": false}`}, nil, 0, 200},
		"server error, XML second time": {[]retrywisetest.Fault{retrywisetest.ServerError, retrywisetest.ServerError}, "POST", gaugeXML,
			got{200, xmlKind, `<Data>false</Data>`}, nil, 0, 200},
		"server error, list second time": {[]retrywisetest.Fault{retrywisetest.ServerError, retrywisetest.ServerError}, "GET", gaugeJSON,
			got{Status: 500}, nil, 0, 500},
		"disguised": {[]retrywisetest.Fault{testserver.Disguised}, "POST", gaugeJSON, gaugeRefusal(400, 400120, noDatabase), nil, 0, 400},
		"disguised, second time": {[]retrywisetest.Fault{testserver.Disguised, testserver.Disguised}, "POST", gaugeJSON,
			gaugeRefusal(400, 400122, failedQuery), nil, 0, 400},
		"disguised, XML": {[]retrywisetest.Fault{testserver.Disguised}, "GET", gaugeXML, gaugeRefusalXML(400, 400120, noDatabase), nil, 0, 400},
		"expire token":   {[]retrywisetest.Fault{testserver.ExpireToken}, "POST", gaugeJSON, gaugeRefusal(401, 2000, "Invalid API Key"), nil, 0, 401},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				before := v.Statuses()
				var g got
				var err error
				for range tt.faults {
					before = v.Statuses()
					g, err = v.do(t.Context(), tt.method, tt.path, gaugeUpload("a.csv", gaugeRecord),
						"Content-Type", gaugeForm, "Authorization", "Bearer "+v.Token())
				}
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if files, records := v.Uploads().Count("a.csv"), v.Records().Count("10438"); files != tt.executed || records != tt.executed {
					t.Errorf("%d uploads and %d records; want %d of each", files, records, tt.executed)
				}
				before[tt.status]++
				if diff := cmp.Diff(before, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestCustomerGaugeRetryAfter(t *testing.T) {
	for name, tt := range map[string]struct {
		service testserver.Service
		want    string
	}{
		"fault":           {testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.RateLimited)}, "1"},
		"configured wait": {testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, testserver.LeadLimited), LimitWait: 1500 * time.Millisecond}, "2"},
		"limit":           {testserver.Service{PerSecond: 1}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, tt.service)
				v.mustSend("GET", gaugeJSON, "")
				resp, err := v.open(t.Context(), "GET", gaugeJSON, "")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if after := resp.Header.Get("Retry-After"); resp.StatusCode != http.StatusTooManyRequests || after != tt.want {
					t.Errorf("status %d, wait %q; want 429 and %s", resp.StatusCode, after, tt.want)
				}
			})
		})
	}
}

func TestCustomerGaugeServesOverTCP(t *testing.T) {
	cg := testserver.NewCustomerGauge(testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.ResetAfter)})
	srv, err := retrywisetest.Start(cg)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	v := gaugeOf(t, cg, srv)
	if g, err := v.send("POST", gaugeJSON, gaugeUpload("a.csv", gaugeRecord)); err == nil {
		t.Errorf("answer %v; want none", g)
	}
	want := got{200, kind, `{"Data":[{"id":"upload-1","name":"a.csv","records":1}]}`}
	if diff := cmp.Diff(want, v.mustSend("GET", gaugeJSON, "")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// Many clients retry until their file is accepted: all files arrive, and no customer
// gets two e-mails.
func TestCustomerGaugeClientsThatRetry(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 60
		v := newGauge(t, testserver.Service{Faults: testserver.Seeded(3, 0.5), Latency: 50 * time.Millisecond, TokenUses: 20, PerSecond: 15})
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() { gaugeUploadUntilDone(t, v, fmt.Sprintf("%d", i)) })
		}
		wg.Wait()
		if uploads, records := v.Uploads().Total(), v.Records().Total(); uploads != clients || records != clients {
			t.Errorf("%d uploads and %d records; want %d of each", uploads, records, clients)
		}
		if n := v.Records().Duplicates(); n != 0 {
			t.Errorf("%d duplicates; want none", n)
		}
		if v.Renewals() == 0 || v.PeakUploads() < 2 {
			t.Errorf("%d renewals, peak %d; want some of each", v.Renewals(), v.PeakUploads())
		}
		for _, status := range []int{0, 200, 400, 401, 429, 502, 503, 504} {
			if v.Statuses()[status] == 0 {
				t.Errorf("no status %d among %v", status, v.Statuses())
			}
		}
	})
}

func gaugeUploadUntilDone(t *testing.T, v customerGauge, number string) {
	body := gaugeUpload(number+".csv", "number_customergauge\n"+number+"\n")
	processed := gaugeRefusal(400, 400103, "This upload has already been processed")
	for range 1000 {
		g, err := v.do(t.Context(), "POST", gaugeJSON, body, "Content-Type", gaugeForm, "Authorization", "Bearer "+v.Token())
		switch {
		case err == nil && (g == processed || g.Status == 200 && g.Body != `{"Data": false}`):
			return
		case g.Status == 401:
			v.mustDo("POST", "/oauth2/token", gaugeGrant, "Content-Type", gaugeTokenForm)
		default:
			<-time.After(time.Second)
		}
	}
	t.Errorf("%s: no success after 1000 uploads", number)
}
