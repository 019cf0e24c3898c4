package ledgertest

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A site is a vendor's server, one of another origin, and a client for the vendor.
type site struct {
	home, foreign *server
	transport     http.RoundTripper
	client        *client.Client
}

// openSites opens a site for each way.
func openSites(t *testing.T, b *book) []*site {
	t.Helper()
	forItsCertificate := httptest.NewTLSServer(http.NotFoundHandler())
	defer forItsCertificate.Close()
	trusting, _ := forItsCertificate.Client().Transport.(*http.Transport)
	sites := make([]*site, len(ways))
	for i, w := range ways {
		s := &site{
			home:      listen(t, b, w, forItsCertificate.TLS.Certificates),
			foreign:   listen(t, b, w, forItsCertificate.TLS.Certificates),
			transport: w.transport(&tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs}),
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
