package vendors_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// Each vendor has transcripts, and documents with a date for what its file says. make vendors prints
// how many.
func TestVendorsAreShownByTranscripts(t *testing.T) {
	met := map[string]map[string]bool{}
	count := map[string]int{}
	for _, name := range transcripts(t) {
		vendor := vendorOf(name)
		count[vendor]++
		f := lookup(t, vendor).Decode(readAnswer(t, name))
		if f == nil {
			continue
		}
		for _, item := range f.Items {
			if met[vendor] == nil {
				met[vendor] = map[string]bool{}
			}
			met[vendor][item.Code] = true
		}
	}
	row := regexp.MustCompile(`(?m)^  - \{(code|status): `)
	for _, name := range vendors.Names() {
		data, err := os.ReadFile("catalog/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]int{}
		for _, m := range row.FindAllStringSubmatch(string(data), -1) {
			rows[m[1]]++
		}
		delete(met[name], "")
		documents := lookup(t, name).Documents()
		t.Logf("%-16s %3d codes (%d in transcripts), %2d statuses, %2d transcripts, %2d documents, %d guesses",
			name, rows["code"], len(met[name]), rows["status"], count[name], len(documents), strings.Count(string(data), "guess"))
		if count[name] < 15 {
			t.Errorf("%s has %d transcripts; want 15 or more", name, count[name])
		}
		for _, d := range documents {
			if d.Read == "" || d.About == "" && len(documents) > 1 {
				t.Errorf("%s: document %s has no date, or does not say what it is about", name, d.URL)
			}
		}
	}
}
