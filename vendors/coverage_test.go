package vendors_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// A coverage is what is known of a vendor, and how.
type coverage struct {
	codes, shown, statuses, transcripts int // shown are the codes that are in transcripts
	own, others                         int // documents of the vendor, and of others
	guesses                             int // comments with that word
}

// The format of a line that make vendors prints.
const coverageLine = "%-16s %3d codes (%2d in transcripts), %2d statuses, %2d transcripts, %2d documents of its own and %d of others, %d marked guesses"

// Each vendor of the catalog has transcripts, and documents with what they are about. make vendors
// prints how many. No row says which document it is from, so only documents are counted.
func TestVendorsAreShownByTranscripts(t *testing.T) {
	met, count := transcriptCodes(t)
	for _, name := range vendors.Names() {
		c := coverageOf(t, lookup(t, name), met[name])
		c.transcripts = count[name]
		t.Logf(coverageLine, name, c.codes, c.shown, c.statuses, c.transcripts, c.own, c.others, c.guesses)
		if c.transcripts < 15 {
			t.Errorf("%s has %d transcripts (testdata/%s/*.http); a vendor of the catalog needs 15", name, c.transcripts, name)
		}
		if c.own == 0 {
			t.Errorf("%s has no document of its own", name)
		}
	}
}

// transcriptCodes returns the codes in the transcripts of each vendor, and how many transcripts
// it has.
func transcriptCodes(t *testing.T) (met map[string][]string, count map[string]int) {
	t.Helper()
	met, count = map[string][]string{}, map[string]int{}
	for _, name := range transcripts(t) {
		vendor := vendorOf(name)
		count[vendor]++
		if f := lookup(t, vendor).Decode(readAnswer(t, name)); f != nil {
			for _, item := range f.Items {
				met[vendor] = append(met[vendor], item.Code)
			}
		}
	}
	return met, count
}

// coverageOf returns what v's file has, of which the codes met are in transcripts.
func coverageOf(t *testing.T, v *vendors.Vendor, met []string) (c coverage) {
	t.Helper()
	text, err := v.Policy().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("catalog/" + v.Name() + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range groups(`when: \{code: \["?([A-Za-z0-9_.-]+)`, string(text)) {
		c.codes++
		if slices.Contains(met, code) {
			c.shown++
		}
	}
	c.statuses = strings.Count(string(text), "when: {status: ")
	c.guesses = len(regexp.MustCompile(`(?mi)^ *#.*\bguess`).FindAll(file, -1))
	documents := v.Documents()
	for _, d := range documents {
		if d.About == "" && len(documents) > 1 {
			t.Errorf("%s: about is missing for %s", v.Name(), d.URL)
		}
		if d.ThirdParty {
			c.others++
		} else {
			c.own++
		}
	}
	return c
}
