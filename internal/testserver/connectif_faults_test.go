package testserver_test

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestConnectifFaults(t *testing.T) {
	const (
		broken = `{"status":500,"title":"Internal Server Error","detail":"Internal server error"}`
		raced  = `{"status":400,"title":"Bad Request","detail":"Contact field could not be created due to a concurrent modification","code":"E0603"}`
	)
	type request struct{ method, path, body string }
	purchase := request{"POST", "/purchases/", connectifOrder}
	lookup := request{"GET", "/purchases/purchase-id/o-1", ""}
	contact := request{"PATCH", connectifJane, `{"_name":"Jane"}`}
	export := request{"POST", "/exports/", connectifContacts}
	for name, tt := range map[string]struct {
		request  request
		faults   []retrywisetest.Fault // the last one is checked
		want     got
		err      error
		executed int // purchases and exports
	}{
		"none":                     {purchase, []retrywisetest.Fault{retrywisetest.NoFault}, got{201, kind, connectifOK}, nil, 1},
		"unavailable":              {purchase, []retrywisetest.Fault{retrywisetest.Unavailable}, got{503, kind, `{"status":503,"title":"Service Unavailable","detail":"Service temporarily unavailable"}`}, nil, 0},
		"unavailable, second time": {purchase, []retrywisetest.Fault{retrywisetest.Unavailable, retrywisetest.Unavailable}, got{503, "text/html", page503}, nil, 0},
		"bad gateway":              {purchase, []retrywisetest.Fault{retrywisetest.BadGateway}, got{502, "text/html", page502}, nil, 0},
		"gateway timeout":          {purchase, []retrywisetest.Fault{retrywisetest.GatewayTimeout}, got{504, "text/html", page504}, nil, 0},
		"reset before":             {purchase, []retrywisetest.Fault{retrywisetest.ResetBefore}, got{}, io.EOF, 0},
		"reset after":              {purchase, []retrywisetest.Fault{retrywisetest.ResetAfter}, got{}, io.EOF, 1},
		"reset after, an export":   {export, []retrywisetest.Fault{retrywisetest.ResetAfter}, got{}, io.EOF, 1},
		"cut body":                 {purchase, []retrywisetest.Fault{retrywisetest.CutBody}, got{201, kind, connectifOK[:len(connectifOK)/2]}, io.ErrUnexpectedEOF, 1},
		"cut body that is empty":   {contact, []retrywisetest.Fault{retrywisetest.CutBody}, got{}, io.EOF, 0},
		"cut refusal":              {lookup, []retrywisetest.Fault{retrywisetest.CutBody}, got{404, kind, connectifNotFound[:len(connectifNotFound)/2]}, io.ErrUnexpectedEOF, 0},
		"gateway limited":          {purchase, []retrywisetest.Fault{retrywisetest.RateLimited}, got{Status: 429}, nil, 0},
		"lead limited":             {purchase, []retrywisetest.Fault{testserver.LeadLimited}, got{Status: 429}, nil, 0},
		"server error":             {purchase, []retrywisetest.Fault{retrywisetest.ServerError}, got{500, kind, broken}, nil, 0},
		"disguised purchase":       {purchase, []retrywisetest.Fault{testserver.Disguised}, got{500, kind, broken}, nil, 0},
		"disguised export":         {export, []retrywisetest.Fault{testserver.Disguised}, got{400, kind, connectifFullQueue}, nil, 0},
		"disguised contact":        {contact, []retrywisetest.Fault{testserver.Disguised}, got{400, kind, raced}, nil, 0},
		"expire token":             {purchase, []retrywisetest.Fault{testserver.ExpireToken}, got{Status: 401}, nil, 0},
		"after expire token":       {purchase, []retrywisetest.Fault{testserver.ExpireToken, retrywisetest.NoFault}, got{201, kind, connectifOK}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				var g got
				var err error
				for range tt.faults {
					g, err = v.send(tt.request.method, tt.request.path, tt.request.body)
				}
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := v.Purchases().Total() + v.Exports().Total(); n != tt.executed {
					t.Errorf("%d executions; want %d", n, tt.executed)
				}
			})
		})
	}
}

func TestConnectifDuplicatePurchases(t *testing.T) {
	type counts struct{ Total, Duplicates int }
	for name, tt := range map[string]struct {
		faults []retrywisetest.Fault
		times  int
		want   counts
	}{
		"once":                       {nil, 1, counts{1, 0}},
		"again after success":        {nil, 2, counts{2, 1}},
		"again after a reset":        {[]retrywisetest.Fault{retrywisetest.ResetAfter}, 2, counts{2, 1}},
		"again after a cut":          {[]retrywisetest.Fault{retrywisetest.CutBody}, 2, counts{2, 1}},
		"again after a reset before": {[]retrywisetest.Fault{retrywisetest.ResetBefore}, 2, counts{1, 0}},
		"again after a refusal":      {[]retrywisetest.Fault{retrywisetest.Unavailable, retrywisetest.RateLimited}, 3, counts{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				for range tt.times {
					_, _ = v.send("POST", "/purchases/", connectifOrder) // some get no response
				}
				if diff := cmp.Diff(tt.want, counts{v.Purchases().Count("o-1"), v.Purchases().Duplicates()}); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A client can look up what was executed.
func TestConnectifHasAPurchaseWhoseAnswerWasLost(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.ResetAfter)})
		if g, err := v.send("POST", "/purchases/", connectifOrder); err == nil {
			t.Errorf("answer %v; want none", g)
		}
		if diff := cmp.Diff(got{200, kind, connectifOK}, v.mustSend("GET", "/purchases/purchase-id/o-1", "")); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

func TestConnectifServesOverTCP(t *testing.T) {
	cf := testserver.NewConnectif(testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.ResetAfter)})
	cf.AddContacts("jane@example.com")
	cf.AddProducts("p-1")
	srv, err := retrywisetest.Start(cf)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	v := connectifOf(t, cf, srv)
	for _, want := range []int{0, 201} {
		g, _ := v.send("POST", "/purchases/", connectifOrder) // the first gets no response
		if g.Status != want {
			t.Errorf("answer %v; want status %d", g, want)
		}
	}
	if n := cf.Purchases().Duplicates(); n != 1 {
		t.Errorf("%d duplicates; want 1", n)
	}
}
