package vendors

import (
	"fmt"
	"time"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A TokenEndpoint is where a vendor issues access tokens of OAuth 2.0, and how.
type TokenEndpoint struct {
	URL string

	// InBody means that client_id and client_secret are parameters in the body. Otherwise they are
	// in the header Authorization, with the scheme Basic (RFC 6749, section 2.3.1).
	InBody bool

	// Lifetime is how long an access token is good. Zero means that no document says it, or that
	// a token does not expire.
	Lifetime time.Duration

	// NoExpiresIn means that a response does not say how long its access token is good.
	NoExpiresIn bool

	// Rotates means that the response to a refresh token has another one, which replaces it. nil
	// means that no document says whether it does.
	Rotates *bool

	// ScopeSeparator stands between scopes.
	ScopeSeparator string

	// JSON means that the body of a request is a JSON object, and no form.
	JSON bool

	// Header is the request header in which the API takes the access token as it is. Empty means
	// that it takes it as Authorization: Bearer.
	Header string
}

// A tokenRow is the token endpoint of a vendor.
type tokenRow struct {
	At          yamlfile.Pos
	URL         string        `yaml:"url,required,nonempty"`
	InBody      bool          `yaml:"in_body"`
	Lifetime    time.Duration `yaml:"lifetime,positive"`
	NoExpiresIn bool          `yaml:"no_expires_in"`
	Rotates     *bool         `yaml:"rotates"`
	Scopes      string        `yaml:"scope_separator,nonempty"`
	JSON        bool          `yaml:"json"`
	Header      headerName    `yaml:"header"`
}

// token returns the token endpoint of a file; nil if it has none. Its URL still has names in braces.
func (c *compiler) token(row *tokenRow) *TokenEndpoint {
	if row == nil {
		return nil
	}
	if problem := templateProblem(row.URL); problem != "" {
		c.problems.Report(row.At, "token url %q: %s", row.URL, problem)
	}
	e := &TokenEndpoint{
		URL: row.URL, InBody: row.InBody, Lifetime: row.Lifetime, NoExpiresIn: row.NoExpiresIn,
		Rotates: row.Rotates, ScopeSeparator: row.Scopes, JSON: row.JSON, Header: string(row.Header),
	}
	if e.ScopeSeparator == "" {
		e.ScopeSeparator = " " // RFC 6749, section 3.3
	}
	return e
}

// TokenEndpoint returns where the vendor issues access tokens. Values stand in place of the names in
// braces that its URL has, such as tenant; nil, if it has none. The error says what is missing, or
// that the vendor's file has no token endpoint.
func (v *Vendor) TokenEndpoint(values map[string]string) (TokenEndpoint, error) {
	if v.token == nil {
		return TokenEndpoint{}, fmt.Errorf("vendors: the file of %s has no token endpoint", v.Name())
	}
	e := *v.token
	if e.Rotates != nil {
		e.Rotates = new(*e.Rotates)
	}
	var err error
	e.URL, err = hostURL{text: e.URL}.fill(values)
	return e, err
}
