package retrywiseoauth2_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// newVendor returns a vendor whose file has these keys of a token endpoint.
func newVendor(t *testing.T, keys string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte("vendor: shop\ntitle: Shop\ndocuments: []\ntoken: {url: \"http://vendor.test/token\"" + keys + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A request has the parameters of its flow, in the form that the vendor expects.
func TestTokenRequest(t *testing.T) {
	for name, tt := range map[string]struct {
		keys   string // of the vendor's token endpoint
		change func(*retrywiseoauth2.Config)
		flow   func(*testing.T, retrywiseoauth2.Config) *retrywiseoauth2.Auth
		basic  bool
		want   url.Values
	}{
		"client credentials": {
			"", func(cfg *retrywiseoauth2.Config) { cfg.Scopes = []string{"read", "write"} }, credentials, true,
			url.Values{"grant_type": {"client_credentials"}, "scope": {"read write"}},
		},
		"a refresh token": {
			"", func(cfg *retrywiseoauth2.Config) { cfg.Params = url.Values{"expires_in": {"1800"}} }, refreshing, true,
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh(0)}, "expires_in": {"1800"}},
		},
		"a secret in the body, and commas": {
			`, in_body: true, scope_separator: ","`, func(cfg *retrywiseoauth2.Config) { cfg.Scopes = []string{"read", "write"} }, credentials, false,
			url.Values{"grant_type": {"client_credentials"}, "scope": {"read,write"}, "client_id": {"app"}, "client_secret": {canary + "-client"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := &shop{}
				srv := s.open(t)
				cfg := config(srv)
				cfg.Vendor, cfg.TokenURL, cfg.Store = newVendor(t, tt.keys), "", kept(refresh(0))
				tt.change(&cfg)
				use(t, newClient(t, srv, client.Config{Auth: tt.flow(t, cfg)}))
				req := s.requests[0]
				if diff := cmp.Diff(tt.want, req.PostForm); diff != "" {
					t.Errorf("parameters (-want +got):\n%s", diff)
				}
				id, secret, isBasic := req.BasicAuth()
				if isBasic != tt.basic || isBasic && (id != "app" || secret != canary+"-client") {
					t.Errorf("Basic %v %q %q", isBasic, id, secret)
				}
				if got := req.Header.Get("Accept"); got != "application/json" {
					t.Errorf("Accept %q", got)
				}
			})
		})
	}
}

// kept returns a store of one process.
func kept(token string) client.TokenStore {
	return retrywiseoauth2.Keep(client.Token{Refresh: token}, func(context.Context, client.Token) error { return nil })
}

// The body is JSON if the vendor's file says so, and the API's header has the token as it is.
func TestTokenRequestOfJSON(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(200, `{"access_token":"x","expires_in":"60"}`), retrywisetest.JSON(200, "{}"))
		cfg := config(srv)
		cfg.Vendor, cfg.TokenURL, cfg.Params = newVendor(t, ", in_body: true, json: true, header: X-Shop-Token"), "", url.Values{"audience": {"a", "b"}}
		use(t, newClient(t, srv, client.Config{Auth: credentials(t, cfg)}))
		requests := srv.Requests()
		var got map[string]any
		if err := json.Unmarshal(requests[0].Body, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"grant_type": "client_credentials", "client_id": "app", "client_secret": canary + "-client", "audience": []any{"a", "b"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if h := requests[1].Header; h.Get("X-Shop-Token") != "x" || h.Get("Authorization") != "" {
			t.Errorf("X-Shop-Token %q, Authorization %q; want x and none", h.Get("X-Shop-Token"), h.Get("Authorization"))
		}
	})
}

// newKey returns an RSA key, and its PEM.
func newKey(t *testing.T) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// An assertion is signed, says who signs for whom, and is good for minutes.
func TestJWTBearer(t *testing.T) {
	key, text := newKey(t)
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := &shop{}
		srv := s.open(t)
		cfg := config(srv)
		cfg.ClientSecret, cfg.Scopes = "", []string{"read"}
		auth := opened(t)(retrywiseoauth2.JWTBearer(cfg, retrywiseoauth2.Assertion{
			Subject: "user@acme.test", Audience: "https://login.shop.test", PrivateKey: text, KeyID: "key-1", Claims: map[string]any{"org": "acme"},
		}))
		use(t, newClient(t, srv, client.Config{Auth: auth}))
		form := s.requests[0].PostForm
		if got := form.Get("grant_type"); got != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			t.Errorf("grant_type %q", got)
		}
		signed, signature, _ := cutLast(form.Get("assertion"))
		sum, sig := sha256.Sum256([]byte(signed)), decoded(t, signature)
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			t.Error(err)
		}
		_, payload, _ := strings.Cut(signed, ".")
		var claims map[string]any
		if err := json.Unmarshal(decoded(t, payload), &claims); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		want := map[string]any{
			"iss": "app", "sub": "user@acme.test", "prn": "user@acme.test", "aud": "https://login.shop.test", "scope": "read", "org": "acme",
			"iat": float64(now.Add(-10 * time.Second).Unix()), "exp": float64(now.Add(3 * time.Minute).Unix()),
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
	})
}

func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndex(text, ".")
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	out, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An error lists all that is wrong with a Config, without the secrets.
func TestConfigProblems(t *testing.T) {
	vendor, rotating := newVendor(t, ""), newVendor(t, ", rotates: true")
	none, err := vendors.Lookup(vendors.Stripe)
	if err != nil {
		t.Fatal(err)
	}
	secret := canary + "\n"
	for name, tt := range map[string]struct {
		flow func() error
		want []string
	}{
		"nothing":             {func() error { _, err := retrywiseoauth2.ClientCredentials(retrywiseoauth2.Config{}); return err }, []string{"ClientID: it is missing", "ClientSecret: it is missing", "TokenURL: expected an absolute URL"}},
		"no refresh token":    {refused(retrywiseoauth2.Config{Vendor: vendor, ClientID: "app", Scopes: []string{"x"}}), []string{"Store: it is missing", "Scopes: they have no effect"}},
		"nobody saves":        {refused(retrywiseoauth2.Config{Vendor: rotating, ClientID: "app", Store: retrywiseoauth2.Keep(client.Token{}, nil)}), []string{"Keep needs a function that saves"}},
		"no effect":           {refused(retrywiseoauth2.Config{Vendor: vendor, InBody: true, Lifetime: -1, ClientID: "app", Store: kept("x")}), []string{"InBody: it has no effect beside Vendor", "Lifetime: it is negative"}},
		"no endpoint":         {refused(retrywiseoauth2.Config{Vendor: none, ClientID: "app", Store: kept("x")}), []string{"the file of stripe has no token endpoint"}},
		"a password in a URL": {refused(retrywiseoauth2.Config{TokenURL: "https://u:" + canary + "@vendor.test", ClientID: "app", Store: kept("x")}), []string{"expected an absolute URL without a password"}},
		"a bad URL":           {refused(retrywiseoauth2.Config{TokenURL: "https://" + secret, ClientID: "app", Store: kept("x")}), []string{"expected an absolute URL"}},
		"no key": {func() error {
			_, err := retrywiseoauth2.JWTBearer(retrywiseoauth2.Config{Vendor: vendor, ClientSecret: secret}, retrywiseoauth2.Assertion{PrivateKey: []byte(secret), Lifetime: -1})
			return err
		}, []string{"Issuer: it is missing", "PrivateKey: expected a key in PEM", "Lifetime: that of the assertion is negative", "ClientSecret: it has no effect"}},
		"another key": {func() error {
			key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(canary)})
			_, err := retrywiseoauth2.JWTBearer(retrywiseoauth2.Config{Vendor: vendor}, retrywiseoauth2.Assertion{Issuer: "app", PrivateKey: key})
			return err
		}, []string{"PrivateKey: expected an RSA key"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.flow()
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
					t.Errorf("%v; want %q, and no secret", err, want)
				}
			}
		})
	}
}

func refused(cfg retrywiseoauth2.Config) func() error {
	return func() error {
		_, err := retrywiseoauth2.RefreshToken(cfg)
		return err
	}
}
