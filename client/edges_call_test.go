package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
)

// shopAt is a shop whose data names its address.
type shopAt struct{ shop }

func (shopAt) BaseURL() string { return "https://api.vendor.test" }

// filled is a body of some length that comes in odd pieces and then, if slow is set,
// blocks until it is closed.
type filled struct {
	rest, piece int
	slow        bool
	over        chan struct{}
	once        sync.Once
	read        *atomic.Int64
}

func (b *filled) Read(p []byte) (int, error) {
	n := min(len(p), b.rest, b.piece)
	b.rest -= n
	b.read.Add(int64(n))
	switch {
	case n > 0:
		return n, nil
	case b.slow:
		<-b.over
		return 0, net.ErrClosed
	default:
		return 0, io.EOF
	}
}

func (b *filled) Close() error {
	b.once.Do(func() { close(b.over) })
	return nil
}

// A transport that tells of an ended context no more than that it ended: the reason is
// ours, and we know it.
func TestATransportThatDoesNotTellTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no answer: class %v, %v", e.Class, e.Err)
		}
		stream := onWire(t, func(r *http.Request) (*http.Response, error) {
			body, writer := io.Pipe()
			context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: body, Header: http.Header{}}, nil
		}, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		_, resp, err := open(t, stream, "/export") //nolint:bodyclose // open does
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stream that stalls: %v", err)
		}
	})
}

// Request.Cancel is listened to until the call is over and its answer closed, and no
// longer: goleak looks after all tests. This is not in a bubble, whose clock would end
// it, and the context does not end with the test.
func TestACancelChannelIsListenedToNoLongerThanNeeded(t *testing.T) {
	listening := func(target string) *http.Request {
		req := newRequest(t, "POST", target, "x").WithContext(context.WithoutCancel(t.Context()))
		req.Cancel = make(chan struct{}) //nolint:staticcheck // the point
		return req
	}
	for _, answer := range []testserver.Answer{testserver.JSON(200, `{}`), testserver.JSON(422, `{}`), testserver.Reset()} {
		srv := testserver.Handle(t, always(answer))
		c := newClient(t, srv, client.Config{})
		for _, do := range []func(*http.Request) (*http.Response, error){c.Send, c.HTTP().Transport.RoundTrip} {
			if resp, err := do(listening(srv.URL() + "/items")); err == nil {
				_ = resp.Body.Close()
			}
		}
	}
	if _, err := dropIn(t, client.Config{}).Send(listening("/items")); err == nil { //nolint:bodyclose // there is none
		t.Error("it has no address, and could be made")
	}
}

// strict is a shop whose successes are successes, whatever Decode would say of them.
type strict struct{ shop }

func (strict) ErrorsIn2xx() bool { return false }

// breaks is a body that fails once, and then says that it is at its end.
type breaks struct{ n int }

func (b *breaks) Read(p []byte) (int, error) {
	if b.n++; b.n > 1 {
		return 0, io.EOF
	}
	return copy(p, "half"), errOfTheTest
}

// A credential that the vendor says back as a code is none, wherever it was on the
// request; what is too short to be one stays.
func TestACredentialSaidBack(t *testing.T) {
	const secret = "12345678"
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = name + "=" + secret }
	}
	for name, tt := range map[string]struct {
		put  func(*http.Request)
		says string
		code string
	}{
		"a key in the query":       {query("API_KEY"), secret, ""},
		"a token in the query":     {query("accessToken"), secret, ""},
		"a secret in the query":    {query("client_secret"), secret, ""},
		"a password in the query":  {query("password"), secret, ""},
		"a signature":              {query("X-Amz-Signature"), secret, ""},
		"a secret in two words":    {query("clientSecret"), secret, ""},
		"what is no credential":    {query("page"), secret, secret},
		"a password":               {func(r *http.Request) { r.URL.User = url.UserPassword("u", secret) }, secret, ""},
		"a bearer token":           {header("Authorization", "Bearer "+secret), secret, ""},
		"a key":                    {header("X-Api-Key", secret), secret, ""},
		"a cookie":                 {header("Cookie", secret), secret, ""},
		"inside of a word":         {header("X-Api-Key", secret), "E." + secret, ""},
		"seven characters":         {header("X-Api-Key", secret[:7]), secret[:7], secret[:7]},
		"the client's own":         {func(*http.Request) {}, "0wn-cr3dential", ""},
		"the idempotency key":      {func(*http.Request) {}, "1dempotent", ""},
		"another header than ours": {header("X-Trace", secret), secret, secret},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Status(422, "X-Code", tt.says, "X-Request-Id", tt.says))
				c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Shop-Key", "0wn-cr3dential")})
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "x")
				req = req.WithContext(client.WithCall(t.Context(), client.CallOptions{IdempotencyKey: "1dempotent"}))
				tt.put(req)
				_, err := c.Send(req) //nolint:bodyclose // there is no answer beside an error
				if e := failure(t, err); e.Code != tt.code || e.RequestID != tt.code {
					t.Errorf("code %q, request id %q; want %q", e.Code, e.RequestID, tt.code)
				}
			})
		})
	}
}

// keeper is a vendor that gives the same failure each time.
type keeper struct {
	shop
	failure *policy.Failure
}

func (k keeper) Decode(policy.Answer) *policy.Failure { return k.failure }

// What a vendor tells stays the vendor's.
func TestAVendorsFailureIsNotChanged(t *testing.T) {
	const secret = "12345678"
	told := &policy.Failure{Status: 422, Items: []apierrors.Field{{Path: secret, Code: secret}}}
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: http.NoBody}, nil
	}, client.Config{Vendor: keeper{shop{shopPolicy(t)}, told}, Auth: client.Bearer(secret)})
	_, _ = send(t.Context(), t, c, "PUT", "/items/7", "")
	if diff := cmp.Diff([]apierrors.Field{{Path: secret, Code: secret}}, told.Items); diff != "" {
		t.Errorf("the vendor's own (-want +got):\n%s", diff)
	}
}

// What is fetched from elsewhere neither uses up the vendor's budget nor pays into it.
func TestABudgetIsOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := testserver.Handle(t, always(testserver.Status(503)))
		storage := 503
		elsewhere := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(storage) }))
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": elsewhere},
		})
		call := func(times int, target string) {
			for range times {
				_, _ = send(t.Context(), t, c, "GET", target, "")
			}
		}
		call(20, "https://storage.test/f")
		call(20, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 30 {
			t.Errorf("20 calls made %d requests; want 30", got)
		}
		storage = 200
		call(100, "https://storage.test/f")
		call(10, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 40 {
			t.Errorf("30 calls made %d requests; want 40: elsewhere pays for nothing", got)
		}
	})
}

// A smaller request costs as much as any other retry.
func TestAShrunkRequestIsARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.Handle(t, always(testserver.Status(413)))
		c := newClient(t, srv, client.Config{})
		again := func(r *http.Request) (*http.Request, error) { return r.Clone(r.Context()), nil }
		ctx := client.WithCall(t.Context(), client.CallOptions{Shrink: again})
		for range 100 {
			_, _ = send(ctx, t, c, "GET", "/items", "")
		}
		if got := len(srv.Requests()); got != 110 {
			t.Errorf("100 calls made %d requests; want 110", got)
		}
	})
}

// A call that is canceled while a gate holds its second attempt back keeps the first.
func TestACancelBeforeTheSecondAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(503), testserver.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			time.Sleep(100 * time.Millisecond) // virtual: in the first one's back-off
			ctx := client.WithCall(t.Context(), client.CallOptions{MaxWait: 1})
			_, _ = send(ctx, t, c, "GET", "/items", "")
			time.Sleep(time.Second)
			cancel()
		})
		_, err := send(ctx, t, c, "GET", "/items", "")
		e := failure(t, err)
		if len(e.Attempts) != 1 || e.Attempts[0].Status != 503 || e.Attempts[0].Class != apierrors.ServerError || e.Attempts[0].Took != 0 {
			t.Errorf("attempts %+v", e.Attempts)
		}
	})
}

// unready is a credential that cannot be put on a request; it keeps the context.
type unready struct{ ctx *context.Context }

func (r unready) Apply(_ context.Context, req *http.Request) error {
	*r.ctx = req.Context()
	return errOfTheTest
}

func (unready) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// An attempt that is not sent holds nothing either.
func TestAnAttemptThatIsNotSentEnds(t *testing.T) {
	var ctx context.Context
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: unready{&ctx}})
	_, err := send(t.Context(), t, c, "GET", "/items", "")
	if ctx.Err() == nil || !errors.Is(err, errOfTheTest) {
		t.Errorf("its context goes on: %v", err)
	}
}

// The time for trying begins with the first attempt: what held it back is not taken off.
func TestAWaitBeforeTheFirstAttemptIsNoTimeForTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(429, "Retry-After", "50"), testserver.Hang(), testserver.Hang())
		c := newClient(t, srv, client.Config{})
		_, _ = send(client.WithCall(t.Context(), client.CallOptions{MaxWait: 1}), t, c, "GET", "/items", "")
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopElapsed || len(e.Attempts) != 2 || e.Attempts[0].Wait != 50*time.Second {
			t.Errorf("stop %v, attempts %+v", e.Stop, e.Attempts)
		}
	})
}

// Each attempt tells the wait before it, and no other.
func TestTheWaitBeforeEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(503), testserver.Status(503, "Retry-After", "5"), testserver.Status(503), testserver.Status(503))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "")
		var got []time.Duration
		for _, a := range failure(t, err).Attempts {
			got = append(got, a.Wait)
		}
		if diff := cmp.Diff([]time.Duration{0, 250 * time.Millisecond, 5 * time.Second, time.Second}, got); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

// calling is a credential that makes a call of its own.
type calling struct {
	login *client.Client
	t     *testing.T
}

func (a calling) Apply(ctx context.Context, _ *http.Request) error {
	_, err := send(ctx, a.t, a.login, "GET", "/token", "")
	return err
}

func (calling) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// The call's options are not those of what its credential does.
func TestACredentialHasOptionsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(200), testserver.Status(200))
		var seen events
		login := newClient(t, srv, client.Config{Observe: seen.observe})
		c := newClient(t, srv, client.Config{Auth: calling{login, t}})
		ctx := client.WithCall(t.Context(), client.CallOptions{Op: "items.put"})
		if _, err := send(ctx, t, c, "PUT", "/items/7", ""); err != nil {
			t.Fatal(err)
		}
		if got := seen.of(client.EventCall); len(got) != 1 || got[0].Op != "" {
			t.Errorf("the login told %+v", got)
		}
	})
}

// Time for an attempt counts from when the upload last went on.
func TestWhenALongUploadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Hang())
		c := newClient(t, srv, client.Config{})
		reader, writer := io.Pipe()
		go func() {
			time.Sleep(10 * time.Second) // virtual
			_ = writer.Close()
		}()
		began := time.Now()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if took := time.Since(began); !errors.Is(err, apierrors.Timeout) || took != 70*time.Second {
			t.Errorf("%v after %v; want a timeout after 70s", err, took)
		}
	})
}

// Through HTTP(), a caller that gives up while a token is renewed has no answer.
func TestACancelDuringARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(401))
		c := newClient(t, srv, client.Config{Auth: client.RenewableBearer("old", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		resp, err := c.HTTP().Do(newRequest(t, "GET", srv.URL()+"/items", "").WithContext(ctx))
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("an answer of status %d", resp.StatusCode)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// A renewal that a call waited for is told.
func TestARenewalIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(401), testserver.Status(200))
		var seen events
		c := newClient(t, srv, client.Config{Observe: seen.observe, Auth: client.RenewableBearer("old", func(context.Context) (string, error) {
			time.Sleep(3 * time.Second) // virtual
			return "new", nil
		})})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		want := []client.Event{{Kind: client.EventRenewal, Vendor: "shop", Method: "GET", Attempt: 1, Took: 3 * time.Second}}
		if diff := cmp.Diff(want, seen.of(client.EventRenewal)); diff != "" {
			t.Errorf("renewals (-want +got):\n%s", diff)
		}
	})
}

// The attempt in which the caller gave up is told as that.
func TestTheAttemptOfACanceledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Hang())
		var seen events
		c := newClient(t, srv, client.Config{Observe: seen.observe})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := send(ctx, t, c, "GET", "/items", "")
		if e := failure(t, err); e.Attempts[0].Class != apierrors.Canceled || seen.of(client.EventAttempt)[0].Class != apierrors.Canceled {
			t.Errorf("attempts %+v", e.Attempts)
		}
	})
}

// What a renewal's failure says of the call that needs it: its class, and when to come back.
func TestWhatARenewalsFailureSays(t *testing.T) {
	for told, want := range map[apierrors.Class]apierrors.Class{
		apierrors.Permission: apierrors.Permission, apierrors.Configuration: apierrors.Configuration,
		apierrors.QuotaExceeded: apierrors.QuotaExceeded, apierrors.LimitReached: apierrors.LimitReached,
		apierrors.ServerError: apierrors.ServerError, apierrors.Network: apierrors.Network, apierrors.Timeout: apierrors.Timeout,
		apierrors.Canceled: apierrors.Timeout, apierrors.NotFound: apierrors.Authentication, apierrors.Validation: apierrors.Authentication,
	} {
		t.Run(told.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				once := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1})
				c := newClient(t, testserver.New(t), client.Config{Policy: &once, Auth: client.RenewableBearer("", func(context.Context) (string, error) {
					return "", &apierrors.Error{Class: told}
				})})
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if got := apierrors.ClassOf(err); got != want {
					t.Errorf("class %v; want %v", got, want)
				}
			})
		})
	}
	for wait, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, -time.Hour: 0} {
		synctest.Test(t, func(t *testing.T) {
			at := time.Now().Add(wait)
			c := newClient(t, testserver.New(t), client.Config{Auth: client.RenewableBearer("", func(context.Context) (string, error) {
				return "", &apierrors.Error{Class: apierrors.QuotaExceeded, RetryAt: at}
			})})
			began := time.Now()
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			e := failure(t, err)
			if got := e.RetryAt; (want == 0) != got.IsZero() || want != 0 && !got.Equal(began.Add(want)) {
				t.Errorf("retry at %v; want in %v", got, want)
			}
		})
	}
}

// Who waits for whom: a 429 holds back those with the same credential, at the same
// vendor, and nobody else.
func TestWhomAGateHoldsBack(t *testing.T) {
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{value} }
	}
	none := func(*http.Request) {}
	for name, tt := range map[string]struct {
		cfg           client.Config
		first, second func(*http.Request)
		held          bool
	}{
		"no credential":                {client.Config{Vendor: shop{}}, none, none, true},
		"one credential":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "a"), true},
		"two of Authorization":         {client.Config{Vendor: shop{}}, with("Authorization", "a"), with("Authorization", "b"), false},
		"two of X-Api-Key":             {client.Config{Vendor: shop{}}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), false},
		"two of Api-Key":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "b"), false},
		"under a key not canonical":    {client.Config{Vendor: shop{}}, with("api-key", "a"), with("api-key", "b"), false},
		"the client's own":             {client.Config{Vendor: shop{}, Auth: client.Bearer("t")}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), true},
		"another host of any vendor":   {client.Config{}, none, func(r *http.Request) { r.URL.Host = "other.test" }, false},
		"another host of the vendor's": {client.Config{Vendor: shop{}}, none, func(r *http.Request) { r.URL.Host = "eu.vendor.test" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.Handle(t, always(testserver.Status(429, "Retry-After", "3600")))
				tt.cfg.Transport = srv.Transport()
				if tt.cfg.Vendor != nil {
					tt.cfg.Vendor, tt.cfg.BaseURL = shop{shopPolicy(t)}, "http://api.vendor.test"
				}
				c := dropIn(t, tt.cfg)
				for _, change := range []func(*http.Request){tt.first, tt.second} {
					req := newRequest(t, "GET", "http://api.vendor.test/items", "")
					change(req)
					_, _ = c.Send(req) //nolint:bodyclose // there is no answer beside an error
				}
				if held := len(srv.Requests()) == 1; held != tt.held {
					t.Errorf("held back: %v; want %v", held, tt.held)
				}
			})
		})
	}
}

// trickle is a body of a byte every 700 ms, for one goroutine at a time as any io.Reader.
// It does not know of Close, and counts who reads it.
type trickle struct{ left, reads int }

func (b *trickle) Read(p []byte) (int, error) {
	b.reads++ // the race detector looks after this
	if b.left--; b.left < 0 {
		return 0, io.EOF
	}
	time.Sleep(700 * time.Millisecond) // virtual
	p[0] = 'x'
	return 1, nil
}

func (*trickle) Close() error { return nil }

// The same text, where a connection was had for certain: it is the connection's failure.
func TestAHopelessTextBehindAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.Handle(t, always(testserver.Status(200)))
		c := newClient(t, srv, client.Config{Transport: wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			return nil, errors.New("http2: invalid header field, says the server")
		})})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.Network || e.Stop != apierrors.StopUnsafe {
			t.Errorf("class %v, stop %v", e.Class, e.Stop)
		}
	})
}

// stuck is a body that cannot be closed.
type stuck struct{ io.Reader }

func (stuck) Close() error { return errOfTheTest }

// What is fetched from elsewhere says nothing of the records before and after it.
func TestAStreakIsOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := testserver.Handle(t, always(testserver.Status(400, "X-Code", "BAD")))
		storage := testserver.Handle(t, always(testserver.Status(200)))
		strictly := shopPolicy(t).WithRetry(policy.Retry{EscalateAfter: 2})
		c := newClient(t, nil, client.Config{
			Policy: &strictly, BaseURL: "https://vendor.test",
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		for i, want := range []apierrors.Action{apierrors.Surface, apierrors.Surface, apierrors.FailFast} {
			_, err := send(t.Context(), t, c, "POST", "https://vendor.test/items", "")
			if e := failure(t, err); e.Action != want {
				t.Errorf("record %d: %v; want %v", i+1, e.Action, want)
			}
			_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		}
	})
}
