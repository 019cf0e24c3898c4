package vcr

import (
	"cmp"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// masked takes the place of a secret.
const masked = "masked"

// A masker puts masked in the place of secrets. What it has masked, it leaves as it is.
type masker struct {
	fields      []string // in lower case
	secrets     *strings.Replacer
	assignments *regexp.Regexp // a secret after its name in a text, such as of a URL or of JSON in a text
}

func newMasker(o Options) *masker {
	m := &masker{}
	for _, field := range o.Fields {
		m.fields = append(m.fields, strings.ToLower(field))
	}
	var forms []string
	for _, secret := range o.Secrets {
		if secret != "" {
			data := []byte(secret)
			forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret),
				base64.RawStdEncoding.EncodeToString(data), base64.RawURLEncoding.EncodeToString(data))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) // a secret may be a part of another
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, masked)
	}
	m.secrets = strings.NewReplacer(pairs...)
	m.assignments = assignmentsOf(m.fields)
	return m
}

// assignmentsOf matches a name, what stands between, an opening quote and a value; without a quote,
// the value stands alone.
func assignmentsOf(fields []string) *regexp.Regexp {
	name := `[a-z0-9_-]*(?:token|secret|password|passwd|passphrase|api[-_]?key|access[-_]?key|private[-_]?key|signature|authorization|session[-_]?id)`
	for _, field := range fields {
		name += `|\b` + regexp.QuoteMeta(field)
	}
	const value = `(\\+")(?:[^"\\]|\\{2,}.)+|(")(?:[^"\\]|\\.)+|(')[^']+|(?:(?:bearer|basic) +)?[^\s"'&,;}<>\\]{4,}`
	return regexp.MustCompile(`(?is)(` + name + `)(\\*["']?\s*[=:]\s*)(?:` + value + `)`)
}

var (
	// secretName is a part of the names of fields and headers that hold a secret.
	secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|pwd|api[-_]?key|access[-_]?key|private[-_]?key|(?:subscription|account|shared|encryption)[-_]?key|connection[-_]?string|auth|credential|cookie|session|signature|^sig$|assertion|jwt|^code_verifier$|^t?otp$`)

	// plainName is one of those that hold none.
	plainName = regexp.MustCompile(`(?i)^(token_type|author|authors|authority|session_duration|next_?page_?token|page_?token|(x-.*)?www-authenticate)$`)

	// plainHeaders are those of requests that hold no secret.
	plainHeaders = []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Content-Encoding", "Date", "If-Match", "If-Modified-Since",
		"If-None-Match", "If-Range", "If-Unmodified-Since", "Prefer", "Range", "User-Agent",
	}

	// tokens are texts that are secrets wherever they are.
	tokens = []*regexp.Regexp{
		regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), // a JWT
		regexp.MustCompile(`\b(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{8,}`),   // Stripe
		regexp.MustCompile(`\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}`),          // GitHub
		regexp.MustCompile(`\bxox[a-z]-[A-Za-z0-9-]{8,}`),                            // Slack
		regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`),                          // AWS
		regexp.MustCompile(`\b(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9._-]{8,})`),  // Google
		regexp.MustCompile(`\bshp(?:at|ca|pa|ss)_[A-Za-z0-9]{8,}`),                   // Shopify
		regexp.MustCompile(`\bpat-[a-z]{2}[0-9]-[0-9a-f-]{36}`),                      // HubSpot
		regexp.MustCompile(`\b[0-9a-f]{32}-us[0-9]{1,2}\b`),                          // Mailchimp
		regexp.MustCompile(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`),           // SendGrid
		regexp.MustCompile(`\b(?:glpat|GOCSPX)-[A-Za-z0-9_-]{16,}`),                  // GitLab, clients of Google
		regexp.MustCompile(`\bT[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}`),         // a webhook of Slack
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
	}

	// queryKey is a key of an API, or the code of an OAuth log-in, in a URL: elsewhere, these names
	// are those of other things.
	queryKey = regexp.MustCompile(`(?i)(^|&)(key|code)=[^&]*`)

	// schemes is a credential after its scheme.
	schemes = regexp.MustCompile(`(?i)\b(bearer|apikey|api_key|basic)( +)[A-Za-z0-9._~+/:={}-]{12,}`)

	// emails are addresses, also escaped for a URL.
	emails = regexp.MustCompile(`[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)

	// reserved are the ends of addresses that nobody has (RFC 2606).
	reserved = regexp.MustCompile(`(?i)(?:@|%40|\.)(?:example\.(?:com|net|org)|(?:[a-z0-9-]+\.)*(?:test|example|invalid|localhost))$`)
)

// isSecret reports whether a field or header with that name holds a secret.
func (m *masker) isSecret(name string) bool {
	return slices.Contains(m.fields, strings.ToLower(name)) || secretName.MatchString(name) && !plainName.MatchString(name)
}

// text masks what is secret in any text.
func (m *masker) text(s string) string {
	s = m.secrets.Replace(s)
	for _, token := range tokens {
		s = token.ReplaceAllString(s, masked)
	}
	s = schemes.ReplaceAllString(s, "${1}${2}"+masked)
	s = m.assignments.ReplaceAllStringFunc(s, func(found string) string {
		p := m.assignments.FindStringSubmatch(found)
		if !m.isSecret(p[1]) {
			return found
		}
		return p[1] + p[2] + p[3] + p[4] + p[5] + masked
	})
	return emails.ReplaceAllStringFunc(s, func(address string) string {
		if reserved.MatchString(address) {
			return address
		}
		return masked + emails.FindStringSubmatch(address)[1] + "example.com"
	})
}

// url masks a URL, and leaves its parts in their order.
func (m *masker) url(s string) string {
	before, query, hasQuery := strings.Cut(s, "?")
	query, _, _ = strings.Cut(query, "#")
	before, _, _ = strings.Cut(before, "#")
	if scheme, rest, ok := strings.Cut(before, "://"); ok {
		host, path, hasPath := strings.Cut(rest, "/")
		_, host, isUser := strings.Cut("@"+host, "@")
		if i := strings.LastIndex(host, "@"); isUser && i >= 0 {
			host = host[i+1:]
		}
		before = scheme + "://" + host
		if hasPath {
			before += "/" + path
		}
	}
	before = m.text(before)
	if !hasQuery {
		return before
	}
	return before + "?" + m.form(queryKey.ReplaceAllString(query, "${1}${2}="+masked))
}

// form masks a query or a form.
func (m *masker) form(s string) string {
	isGrant := strings.Contains(s, "grant_type=authorization_code")
	pairs := strings.Split(s, "&")
	for i, pair := range pairs {
		key, value, hasValue := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		switch {
		case !hasValue:
			pairs[i] = m.text(pair)
		case err != nil, m.isSecret(name), isGrant && name == "code":
			pairs[i] = m.formValue(key) + "=" + masked
		default:
			pairs[i] = m.formValue(key) + "=" + m.formValue(value)
		}
	}
	return strings.Join(pairs, "&")
}

// formValue masks an escaped value, in which a secret may be escaped.
func (m *masker) formValue(value string) string {
	plain, err := url.QueryUnescape(value)
	if err != nil {
		return m.text(value)
	}
	if clean := m.text(plain); clean != plain {
		return url.QueryEscape(clean)
	}
	return m.text(value)
}

// header masks a header of a request or a response.
func (m *masker) header(header http.Header, isRequest bool) http.Header {
	clean := http.Header{}
	for name, values := range header {
		for _, value := range values {
			isPlain := slices.Contains(plainHeaders, http.CanonicalHeaderKey(name)) && !slices.Contains(m.fields, strings.ToLower(name))
			switch {
			case isRequest && !isPlain, m.isSecret(name):
				value = masked
			case strings.Contains(value, "://"), strings.EqualFold(name, "Location"):
				value = m.link(value)
			default:
				value = m.text(value)
			}
			clean[name] = append(clean[name], value)
		}
	}
	return clean
}

// links are URLs in a header, such as Link.
var links = regexp.MustCompile(`[^<>\s,;"]+\?[^<>\s,;"]+|[a-z]+://[^<>\s,;"]+`)

func (m *masker) link(value string) string { return m.text(links.ReplaceAllStringFunc(value, m.url)) }

// body masks a body of any type. What follows JSON in it, such as where it broke off, is masked as
// the type says.
func (m *masker) body(s, contentType string) string {
	clean, rest := m.json(s)
	return clean + m.other(rest, contentType)
}

// other masks what is not JSON.
func (m *masker) other(s, contentType string) string {
	switch mediaType, params, _ := mime.ParseMediaType(contentType); {
	case s == "":
		return s
	case mediaType == "application/x-www-form-urlencoded":
		return m.form(s)
	case strings.HasSuffix(mediaType, "xml"), strings.HasPrefix(strings.TrimSpace(s), "<"):
		return m.xml(s)
	case strings.HasPrefix(mediaType, "multipart/"):
		return m.multipart(s, params["boundary"])
	case mediaType == "application/http":
		return m.message(s)
	default:
		return m.text(s)
	}
}
