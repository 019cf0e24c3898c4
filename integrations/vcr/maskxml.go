package vcr

import (
	"html"
	"regexp"
	"strings"
)

var (
	// nodes are those of XML: comments, CDATA, tags, and texts. The last of them may be cut.
	nodes = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)|<!\[CDATA\[.*?(?:\]\]>|$)|<[^<>]*>?|[^<]+`)

	tagName    = regexp.MustCompile(`^</?([^\s/<>]+)`)
	attributes = regexp.MustCompile(`([A-Za-z_][\w.:-]*)(\s*=\s*)("[^"]*(?:"|$)|'[^']*(?:'|$))`)
)

// xml masks XML and HTML. All that is in an element with a secret is one.
func (m *masker) xml(s string) string {
	var out strings.Builder
	var open []string // the names of elements
	secret := 0       // how many of open are outside of one that is secret, and itself; 0: there is none
	for _, node := range nodes.FindAllString(s, -1) {
		isTag := strings.HasPrefix(node, "<") && !strings.HasPrefix(node, "<!")
		switch {
		case isTag && strings.HasPrefix(node, "</"):
			open = closed(open, nameOf(node))
			if len(open) < secret {
				secret = 0
			}
		case isTag:
			node = m.tag(node)
			if strings.HasSuffix(node, "/>") || strings.HasPrefix(node, "<?") {
				break
			}
			open = append(open, nameOf(node))
			if secret == 0 && m.isSecret(nameOf(node)) {
				secret = len(open)
			}
		case secret > 0:
			node = maskedNode(node)
		default:
			node = m.escaped(node)
		}
		out.WriteString(node)
	}
	return out.String()
}

// nameOf returns the name of a tag, without a prefix.
func nameOf(tag string) string {
	name := ""
	if found := tagName.FindStringSubmatch(tag); found != nil {
		name = found[1]
	}
	return name[strings.LastIndexByte(name, ':')+1:]
}

// closed returns the elements that are open after the end of the innermost one of a name.
func closed(open []string, name string) []string {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == name {
			return open[:i]
		}
	}
	return open
}

// tag masks the attributes of a tag.
func (m *masker) tag(s string) string {
	return attributes.ReplaceAllStringFunc(s, func(found string) string {
		p := attributes.FindStringSubmatch(found)
		quote := p[3][:1]
		value, isClosed := strings.CutSuffix(p[3][1:], quote)
		if value = m.escaped(value); m.isSecret(p[1]) {
			value = masked
		}
		if isClosed {
			value += quote
		}
		return p[1] + p[2] + quote + value
	})
}

// maskedNode returns a text, CDATA or comment that is secret.
func maskedNode(node string) string {
	switch {
	case strings.HasPrefix(node, "<![CDATA["):
		return "<![CDATA[" + masked + "]]>"
	case strings.HasPrefix(node, "<!"):
		return "<!--" + masked + "-->"
	case strings.TrimSpace(node) == "":
		return node
	default:
		return masked
	}
}

// escaped masks a text in which a secret may be escaped.
func (m *masker) escaped(s string) string {
	plain := html.UnescapeString(s)
	if clean := m.text(plain); clean != plain && plain != s {
		return html.EscapeString(clean)
	}
	return m.text(s)
}
