package retrywiseoauth2

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/retrywise/retrywise/client"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
)

// An Assertion is what a program signs instead of sending a secret (RFC 7523). Printing and logging
// it does not show the key.
type Assertion struct {
	// Issuer is who signs: the address of a service account of Google. Empty: Config.ClientID, as
	// Salesforce expects it.
	Issuer string

	// Subject is the user for whom the program acts. Empty: the program acts for itself.
	Subject string

	// Audience is for whom the assertion is, such as https://login.salesforce.com. Empty: the
	// token endpoint.
	Audience string

	// PrivateKey is an RSA key in PEM, which signs by RS256. KeyID is its id, if the vendor asks
	// for it.
	PrivateKey []byte `json:"-"`
	KeyID      string

	// Lifetime is how long the assertion is good. Zero means 3 minutes.
	Lifetime time.Duration

	// Claims are further claims.
	Claims map[string]any
}

// Format prints who signs, and not the key.
func (a Assertion) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, a.describe()) }

// LogValue is what slog prints of a: the same.
func (a Assertion) LogValue() slog.Value { return slog.StringValue(a.describe()) }

func (a Assertion) describe() string {
	return fmt.Sprintf("an assertion of %q for %q", a.Issuer, a.Audience)
}

const assertionLifetime = 3 * time.Minute

// JWTBearer returns an Auth for a program that signs a as its grant (RFC 7523, section 2.1). The
// error lists all problems of cfg and a.
func JWTBearer(cfg Config, a Assertion) (*Auth, error) {
	issuer := cmp.Or(a.Issuer, cfg.ClientID)
	problems := []error{required("Issuer", issuer), checkKey(a.PrivateKey)}
	if a.Lifetime < 0 {
		problems = append(problems, wrong("Lifetime", "that of the assertion is negative"))
	}
	if cfg.ClientSecret != "" {
		problems = append(problems, wrong("ClientSecret", "it has no effect, as the assertion is in its place"))
	}
	return newAuth(cfg, func(e *endpoint) flow {
		c := &jwt.Config{
			Email: issuer, Subject: a.Subject, Audience: a.Audience, PrivateKey: a.PrivateKey, PrivateKeyID: a.KeyID,
			Scopes: e.scopes(cfg.Scopes), TokenURL: e.URL, Expires: cmp.Or(a.Lifetime, assertionLifetime), PrivateClaims: a.Claims,
		}
		return func(ctx context.Context, _ client.Token) (*oauth2.Token, error) { return c.TokenSource(ctx).Token() }
	}, problems...)
}

// checkKey returns what is wrong with a private key, in words that do not hold it.
func checkKey(key []byte) error {
	block, _ := pem.Decode(key)
	if block == nil {
		return wrong("PrivateKey", "expected a key in PEM")
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if _, isRSA := parsed.(*rsa.PrivateKey); err != nil || !isRSA {
		return wrong("PrivateKey", "expected an RSA key that has no passphrase, in PKCS #1 or PKCS #8")
	}
	return nil
}
