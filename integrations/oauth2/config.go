package retrywiseoauth2

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/traffic"
	"github.com/retrywise/retrywise/vendors"
)

// A Config says where tokens are issued, and for whom. Printing and logging it shows no secret.
type Config struct {
	// Vendor has the token endpoint in its file, and explains its failures. nil: TokenURL is
	// required.
	Vendor *vendors.Vendor

	// Values stand in place of the names in braces that the vendor's token endpoint has, such as
	// tenant.
	Values map[string]string

	// TokenURL is the token endpoint. Empty: the vendor's.
	TokenURL string

	// ClientID and ClientSecret are those of the app. They are sent as the vendor's file says.
	// Without a vendor, that is HTTP Basic, or in the body if InBody is set.
	ClientID     string
	ClientSecret string `json:"-"`
	InBody       bool

	// Scopes are asked for by ClientCredentials and JWTBearer.
	Scopes []string

	// Params are further parameters of each token request, such as audience.
	Params url.Values

	// Lifetime is how long an access token is good if the response does not say it. Zero: as long as
	// the vendor's file says; if that does not say it either, until the vendor rejects it.
	Lifetime time.Duration

	// Store keeps the tokens. RefreshToken needs one that has the refresh token; Keep makes one of a
	// function that saves tokens. nil: the process keeps them in memory.
	Store client.TokenStore

	// Transport sends token requests; see client.Config. nil: one of the Auth's own.
	Transport http.RoundTripper

	// Traffic is what processes share about the token endpoint: its pauses and outages. That one of
	// them renews a token is up to the Traffic of the Client. nil: nothing is shared.
	Traffic traffic.Shared

	// Logger gets a line for each token request, as in client.Config. nil: no log.
	Logger *slog.Logger
}

// Format prints the token endpoint and the id of the client, and no secret.
func (cfg Config) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, cfg.describe()) }

// LogValue is what slog prints of cfg: the same.
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.describe()) }

func (cfg Config) describe() string {
	where := cfg.TokenURL
	if e, err := cfg.endpoint(); err == nil {
		where = e.URL
	}
	if u, err := url.Parse(where); err == nil {
		where = u.Scheme + "://" + u.Host + u.Path
	} else {
		where = "what is no URL" // and may hold a password
	}
	return fmt.Sprintf("tokens of %s for client %q", where, cfg.ClientID)
}

// endpoint returns the token endpoint.
func (cfg Config) endpoint() (vendors.TokenEndpoint, error) {
	e := vendors.TokenEndpoint{InBody: cfg.InBody, ScopeSeparator: " "}
	var err error
	if cfg.Vendor != nil {
		if e, err = cfg.Vendor.TokenEndpoint(cfg.Values); err != nil && cfg.TokenURL == "" {
			return e, err
		}
	}
	if cfg.TokenURL != "" {
		e.URL = cfg.TokenURL
	}
	if cfg.Lifetime > 0 {
		e.Lifetime = cfg.Lifetime
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return e, wrong("TokenURL", "expected an absolute URL without a password")
	}
	return e, nil
}

// problems returns what is wrong with cfg, beside its endpoint.
func (cfg Config) problems() []error {
	var problems []error
	if cfg.Vendor != nil && cfg.InBody {
		problems = append(problems, wrong("InBody", "it has no effect beside Vendor, whose file says it"))
	}
	if cfg.Lifetime < 0 {
		problems = append(problems, wrong("Lifetime", "it is negative"))
	}
	return problems
}
