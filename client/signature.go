package client

import (
	"regexp"
	"slices"
	"strings"
)

// changingParams are the parameters of a signed credential that differ in each request of one
// account, in lower case.
var changingParams = []string{
	"signedheaders", "signature", // AWS Signature Version 4, and HTTP Signatures
	"oauth_nonce", "oauth_signature", "oauth_timestamp", // OAuth 1.0 (RFC 5849)
	"cnonce", "nc", "nonce", "response", "uri", // Digest (RFC 7616)
	"ext", "hash", "mac", "ts", // Hawk
	"created", "expires", "headers", // HTTP Signatures
	"passworddigest", // WSSE
	"se", "sig",      // shared access signatures of Azure
}

// credentialDate is the date in a credential of AWS Signature Version 4:
// AKID/20261125/eu-west-1/s3/aws4_request.
var credentialDate = regexp.MustCompile(`/[0-9]{8}/`)

// stableCredentials returns the part of credentials that is the same in each request of an
// account. A credential without parameters that change, such as a bearer token, is stable as
// a whole. The claims of a JWT are not looked at: two tenants may share all that are known.
func stableCredentials(values []string) []string {
	var stable []string
	for _, value := range values {
		value = credentialDate.ReplaceAllString(value, "/")
		scheme, params, _ := strings.Cut(value, " ")
		if kept, isSigned := withoutChanging(params); isSigned {
			value = scheme + " " + kept
		}
		stable = append(stable, value)
	}
	return stable
}

// withoutChanging returns the parameters of a credential that do not change. It reports
// whether some do.
func withoutChanging(params string) (kept string, isSigned bool) {
	var stable []string
	for _, param := range strings.FieldsFunc(params, func(r rune) bool { return r == ',' || r == '&' }) {
		name, _, hasValue := strings.Cut(strings.TrimSpace(param), "=")
		if hasValue && slices.Contains(changingParams, strings.ToLower(name)) {
			isSigned = true
			continue
		}
		stable = append(stable, strings.TrimSpace(param))
	}
	return strings.Join(stable, ","), isSigned
}
