package yamlfile

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"class", "classes", "vendor", "rate_limited", "on"}
	for name, tt := range map[string]struct {
		word string
		want string
	}{
		"a letter missing":      {"clas", "class"},
		"a letter too many":     {"vendoor", "vendor"},
		"a letter wrong":        {"vemdor", "vendor"},
		"two changed places":    {"calss", "class"},
		"another case":          {"VENDOR", "vendor"},
		"the same":              {"on", "on"},
		"two letters missing":   {"rate_limit", "rate_limited"},
		"a third is wrong":      {"vexxor", "vendor"},
		"more than a third":     {"vexxxr", ""},
		"short words are exact": {"no", ""},
		"far":                   {"timeout", ""},
		"empty":                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Nearest(tt.word, known); got != tt.want {
				t.Errorf("Nearest(%q) = %q; want %q", tt.word, got, tt.want)
			}
		})
	}
}
