package vendors

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A hostRow is a further host of the vendor, such as the one for log-ins.
type hostRow struct {
	At   yamlfile.Pos
	Name string  `yaml:"name,required,nonempty"`
	URL  hostURL `yaml:"url,required"`

	// Credential means that the host gets the credential of the API.
	Credential bool `yaml:"credential"`
}

// A hostURL is the URL of a host, in which {name} stands for a part of the host that each account
// has of its own.
type hostURL struct {
	text string
	path string         // without its first and last slash
	form *regexp.Regexp // of the host
}

var (
	placeholder = regexp.MustCompile(`\{([^{}]*)\}`)
	hostPart    = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
)

// UnmarshalText reads the URL of a host.
func (h *hostURL) UnmarshalText(text []byte) error {
	s := string(text)
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	problem := templateProblem(s)
	if strings.Contains(scheme+path, "{") {
		problem = cmp.Or(problem, "expected braces in the host only")
	}
	if problem != "" {
		return fmt.Errorf("%s; got %q", problem, s)
	}
	form := "(?i)^"
	for i, fixed := range placeholder.Split(host, -1) {
		if i > 0 {
			form += "[a-z0-9-]+"
		}
		form += regexp.QuoteMeta(fixed)
	}
	*h = hostURL{text: s, path: strings.Trim(path, "/"), form: regexp.MustCompile(form + "$")}
	return nil
}

// templateProblem returns what is wrong with a URL that may have names in braces, or "".
func templateProblem(text string) string {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		if !nameForm.MatchString(found[1]) {
			return "expected a name of lower-case letters, digits and _ in braces, such as {subdomain}"
		}
	}
	scheme, _, _ := strings.Cut(text, "://")
	u, err := url.Parse(placeholder.ReplaceAllString(text, "x"))
	switch {
	case err != nil || u.Host == "":
		return "expected an absolute URL, such as https://api.shop.example"
	case strings.Contains(scheme, "{"):
		return "expected no braces in the scheme"
	default:
		return ""
	}
}

// fill returns the URL with values in place of names in braces.
func (h hostURL) fill(values map[string]string) (string, error) {
	var problems []string
	used := map[string]bool{}
	text := placeholder.ReplaceAllStringFunc(h.text, func(braces string) string {
		name := strings.Trim(braces, "{}")
		used[name] = true
		value, ok := values[name]
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("%s: missing %q", h.text, name))
		case !hostPart.MatchString(value):
			problems = append(problems, fmt.Sprintf("%s: %s: expected a part of a host, such as acme", h.text, name))
		}
		return value
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !used[name] {
			problems = append(problems, fmt.Sprintf("%s: it has no %q%s", h.text, name, yamlfile.Suggest(name, slices.Sorted(maps.Keys(used)))))
		}
	}
	if problems != nil {
		return "", fmt.Errorf("vendors: %s", strings.Join(problems, "; "))
	}
	return text, nil
}

// URL returns the URL of a host of the vendor: of the one called name in its file, or the base URL
// if name is empty. Values stand in place of the names in braces that the URL has, such as
// subdomain in https://{subdomain}.zendesk.com; nil, if it has none. The error says what is missing.
func (v *Vendor) URL(name string, values map[string]string) (string, error) {
	host, ok := v.hosts[name]
	if !ok && name == "" {
		return "", fmt.Errorf("vendors: %s has no base URL, as each account has its own", v.Name())
	}
	if !ok {
		return "", fmt.Errorf("vendors: %s has no host %q%s", v.Name(), name, yamlfile.Suggest(name, slices.Sorted(maps.Keys(v.hosts))))
	}
	return host.fill(values)
}

// ByHost returns the vendor of the catalog that a host belongs to, with or without a port, or nil.
// Of several, it is the one whose file names the host with the fewest parts left open.
func ByHost(host string) *Vendor {
	if name, _, hasPort := strings.Cut(host, ":"); hasPort {
		host = name
	}
	var best *Vendor
	fewest := 0
	for _, v := range all() {
		for _, h := range v.hosts {
			if open := strings.Count(h.text, "{"); h.form.MatchString(host) && (best == nil || open < fewest) {
				best, fewest = v, open
			}
		}
	}
	return best
}

// hosts returns the hosts by name, that of the base URL without one, and the origins of those that
// get the credential.
func (c *compiler) hosts(f file) (hosts map[string]hostURL, origins []string) {
	hosts = map[string]hostURL{}
	if f.BaseURL.text != "" {
		hosts[""] = f.BaseURL
	}
	for _, row := range f.Hosts {
		if _, isTwice := hosts[row.Name]; isTwice {
			c.problems.Report(row.At, "duplicate host %q", row.Name)
		}
		hosts[row.Name] = row.URL
		switch {
		case !row.Credential:
		case strings.Contains(row.URL.text, "{"):
			c.problems.Report(row.At, "credential has no effect with braces: name such a host in Config.Origins")
		case row.URL.path != "":
			c.problems.Report(row.At, "credential: expected a url without a path, as the whole host gets the credential")
		default:
			origins = append(origins, row.URL.text)
		}
	}
	return hosts, origins
}
