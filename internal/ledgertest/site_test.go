package ledgertest

import (
	"crypto/tls"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testcert"
	"github.com/retrywise/retrywise/policy"
)

// A site is a vendor's server, one of another origin, and a client for the vendor.
type site struct {
	home, foreign *server
	transport     http.RoundTripper
	client        *client.Client
}

// openSites opens a site for each way, over TCP or, if that is not nil, a network in memory.
func openSites(t *testing.T, b *book, m *memoryNetwork) []*site {
	t.Helper()
	certificate := testcert.New(t)
	pair := certificate.TLS(t)
	listen, r := func() net.Listener { return listenTCP(t) }, reach{}
	if m != nil {
		listen, r.dial = m.listen, m.dial
	}
	sites := make([]*site, len(ways))
	for i, w := range ways {
		r.trust = &tls.Config{RootCAs: certificate.Roots} // net/http writes to it
		r.quick = m != nil && (w.http2 || w.secure)
		s := &site{
			home:      newServer(listen(), b, w, pair),
			foreign:   newServer(listen(), b, w, pair),
			transport: w.transport(r),
		}
		c, err := client.New(client.Config{Vendor: vendor{}, BaseURL: s.home.url, Transport: s.transport, Observer: observer})
		if err != nil {
			t.Fatal(err)
		}
		s.client, sites[i] = c, s
	}
	return sites
}

func (s *site) close() {
	_ = s.client.Close()
	closeIdle(s.transport)
	s.home.close()
	s.foreign.close()
}

// vendor is one that honors idempotency keys. Its waits are short.
type vendor struct{}

func (vendor) Profile() policy.Profile {
	brief := policy.Backoff{Base: 10 * time.Millisecond, Cap: 40 * time.Millisecond}
	p := policy.Default().
		With(policy.Rule{When: policy.Match{Class: apierrors.RateLimited}, Backoff: brief}).
		WithRetry(policy.Retry{Backoff: brief, MaxWait: new(200 * time.Millisecond), Budget: new(1_000_000)})
	return policy.Profile{Idempotency: policy.Idempotency{Header: keyHeader}, Policy: p}
}

func (vendor) Decode(policy.Answer) *policy.Failure { return nil }
