package vcr

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// masked takes the place of a secret.
const masked = "masked"

// A masker puts masked in the place of secrets. What it has masked, it leaves as it is.
type masker struct {
	fields  []string // in lower case
	secrets *strings.Replacer
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
	return m
}

var (
	// secretName is a part of the names of fields and headers that hold a secret.
	secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|pwd|api[-_]?key|access[-_]?key|private[-_]?key|auth|credential|cookie|session|signature|^sig$|assertion|jwt|^code_verifier$`)

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
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
	}

	// schemes is a credential after its scheme.
	schemes = regexp.MustCompile(`(?i)\b(bearer|apikey|api_key|basic)( +)[A-Za-z0-9._~+/:={}-]{12,}`)

	// assignments is a secret after its name in a text, such as of a URL or of JSON in a text.
	assignments = regexp.MustCompile(`(?i)([a-z_-]*(?:token|secret|password|api_?key|signature))(\\?["']?\s*[=:]\s*\\?["']?)([^\s"'&,;}<>\\]{4,})`)

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
	s = assignments.ReplaceAllStringFunc(s, func(found string) string {
		parts := assignments.FindStringSubmatch(found)
		if !m.isSecret(parts[1]) {
			return found
		}
		return parts[1] + parts[2] + masked
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
	return before + "?" + m.form(query)
}

// form masks a query or a form.
func (m *masker) form(s string) string {
	pairs := strings.Split(s, "&")
	for i, pair := range pairs {
		key, value, hasValue := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		switch {
		case !hasValue:
			pairs[i] = m.text(pair)
		case err != nil || m.isSecret(name):
			pairs[i] = key + "=" + masked
		default:
			pairs[i] = key + "=" + m.formValue(value)
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

// body masks a body of any type.
func (m *masker) body(s, contentType string) string {
	if s == "" {
		return s
	}
	if clean, isJSON := m.json(s); isJSON {
		return clean
	}
	switch mediaType, _, _ := mime.ParseMediaType(contentType); {
	case mediaType == "application/x-www-form-urlencoded":
		return m.form(s)
	case strings.HasSuffix(mediaType, "xml"), strings.HasPrefix(strings.TrimSpace(s), "<"):
		return m.xml(s)
	case strings.HasPrefix(mediaType, "multipart/"):
		return m.multipart(s)
	default:
		return m.text(s)
	}
}

// elements are those of XML that hold a text, and its attributes.
var (
	elements   = regexp.MustCompile(`<([A-Za-z_][\w.:-]*)((?:\s[^<>]*)?)>([^<>]*)</`)
	attributes = regexp.MustCompile(`([A-Za-z_][\w.:-]*)=("[^"]*"|'[^']*')`)
	parts      = regexp.MustCompile(`(?i)(name="?([^"\r\n;]+)"?[^\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([^\r\n]*)`)
)

func (m *masker) xml(s string) string {
	s = elements.ReplaceAllStringFunc(s, func(found string) string {
		p := elements.FindStringSubmatch(found)
		if p[3] == "" || !m.isSecret(p[1]) {
			return found
		}
		return "<" + p[1] + p[2] + ">" + masked + "</"
	})
	s = attributes.ReplaceAllStringFunc(s, func(found string) string {
		if p := attributes.FindStringSubmatch(found); m.isSecret(p[1]) {
			return p[1] + `="` + masked + `"`
		}
		return found
	})
	return m.text(s)
}

// multipart masks the parts of a form. Their boundary is another one each time.
func (m *masker) multipart(s string) string {
	if boundary, _, ok := strings.Cut(strings.TrimPrefix(s, "--"), "\n"); ok && strings.HasPrefix(s, "--") {
		s = strings.ReplaceAll(s, strings.TrimSpace(boundary), "boundary")
	}
	s = parts.ReplaceAllStringFunc(s, func(found string) string {
		if p := parts.FindStringSubmatch(found); m.isSecret(p[2]) {
			return p[1] + masked
		}
		return found
	})
	return m.text(s)
}

// interaction masks a request and its response before they are written.
func (m *masker) interaction(i *cassette.Interaction) error {
	if isCompressed(i.Request.Headers) || isCompressed(i.Response.Headers) {
		return fmt.Errorf("interaction %d: a compressed body cannot be searched for secrets", i.ID)
	}
	clean, err := m.clean(*i)
	if err != nil {
		return err
	}
	i.Request, i.Response = clean.Request, clean.Response
	return nil
}

// clean returns a masked copy of an interaction.
func (m *masker) clean(i cassette.Interaction) (cassette.Interaction, error) {
	req, resp := &i.Request, &i.Response
	req.URL, req.RequestURI, req.RemoteAddr = m.url(req.URL), "", ""
	req.Body = m.body(req.Body, req.Headers.Get("Content-Type"))
	resp.Body = m.body(resp.Body, resp.Headers.Get("Content-Type"))
	req.Headers, resp.Headers = m.header(req.Headers, true), m.header(resp.Headers, false)
	req.Trailer, resp.Trailer = m.header(req.Trailer, true), m.header(resp.Trailer, false)
	req.ContentLength, req.Form = int64(len(req.Body)), nil
	if resp.Headers.Get(cutHeader) == "" {
		resp.ContentLength = int64(len(resp.Body))
		if resp.Headers.Get("Content-Length") != "" {
			resp.Headers.Set("Content-Length", strconv.Itoa(len(resp.Body)))
		}
	}
	u, err := url.Parse(req.URL)
	if err != nil {
		return i, errors.New("the URL of a request cannot be parsed") // the error has the URL
	}
	req.Host = u.Host
	return i, nil
}
