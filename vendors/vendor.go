package vendors

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	_ "time/tzdata" // for the zones of windows, on machines that have no files of zones

	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// The names of the vendors in the catalog.
const (
	CustomerGauge = "customergauge"
	Connectif     = "connectif"
	GitHub        = "github"
	Google        = "google"
	HubSpot       = "hubspot"
	Jira          = "jira"
	Klaviyo       = "klaviyo"

	// Kleene is not an API but a generic profile: Kleene.ai's guide to the errors of the
	// APIs that it reads from. Use it for an API that is not in the catalog.
	Kleene = "kleene"

	Mailchimp      = "mailchimp"
	MicrosoftGraph = "microsoft_graph"
	Playable       = "playable"
	RDStation      = "rdstation"
	Salesforce     = "salesforce"
	Shopify        = "shopify"
	Slack          = "slack"
	Stripe         = "stripe"
	Zendesk        = "zendesk"
)

//go:embed catalog/*.yaml
var catalog embed.FS

// A Vendor has the data about one API. It is immutable and safe for concurrent use.
type Vendor struct {
	profile   policy.Profile
	title     string
	documents []Document
	limits    []policy.Limit
	decoder   decoder
	marks     marks
	hosts     map[string]hostURL // by name; that of the base URL has none
	token     *TokenEndpoint     // with names in braces; nil: there is none

	quotaSources []quotaSource
	source       file // for samples
}

// A Document is a source of a vendor's data.
type Document struct {
	URL   string `yaml:"url,required"`
	Read  string `yaml:"read,required"` // the date, such as 2026-11-22
	About string `yaml:"about"`

	// ThirdParty means that it is not the vendor's own, such as the client of somebody else.
	ThirdParty bool `yaml:"third_party"`
}

// Names returns the names of the vendors in the catalog, sorted.
func Names() []string {
	entries, err := catalog.ReadDir("catalog")
	if err != nil {
		return nil // the folder is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// Lookup returns the vendor called name, one of Names. Its file is read once, so further calls
// return the same Vendor. The error for another name suggests the nearest one.
func Lookup(name string) (*Vendor, error) {
	read, ok := byName[name]
	if !ok {
		return nil, fmt.Errorf("vendors: unknown vendor %q%s", name, yamlfile.Suggest(name, Names()))
	}
	return read()
}

// byName has a function for each vendor of the catalog, which reads its file at the first call.
var byName = readers()

func readers() map[string]func() (*Vendor, error) {
	readers := map[string]func() (*Vendor, error){}
	for _, name := range Names() {
		readers[name] = sync.OnceValues(func() (*Vendor, error) {
			data, err := catalog.ReadFile("catalog/" + name + ".yaml")
			if err != nil {
				return nil, fmt.Errorf("vendors: %w", err)
			}
			return parse(name+".yaml", data)
		})
	}
	return readers
}

// all returns the vendors of the catalog, sorted by name. It is for what has to look at each.
var all = sync.OnceValue(func() []*Vendor { return readAll(byName) })

// readAll reads the files of all vendors at once, except those that were read already.
func readAll(byName map[string]func() (*Vendor, error)) []*Vendor {
	names := Names()
	vendors := make([]*Vendor, len(names))
	var reads sync.WaitGroup
	for i, name := range names {
		reads.Go(func() { vendors[i], _ = byName[name]() })
	}
	reads.Wait()
	return slices.DeleteFunc(vendors, func(v *Vendor) bool { return v == nil }) // none: a test reads each file
}

// Parse reads your own vendor file, in the format of the files in catalog. CONTRIBUTING.md
// says how to write one, docs/vendor-files.md has an example of every key, and
// schema/vendor.schema.json is for an editor. The error lists every problem, each with its line
// and column.
func Parse(data []byte) (*Vendor, error) { return parse("vendor file", data) }

// Name returns the vendor's name, as in an operator's file and in Error.Vendor.
func (v *Vendor) Name() string { return v.profile.Name }

// Title returns the vendor's name in the form that a person writes.
func (v *Vendor) Title() string { return v.title }

// Documents returns the sources of the vendor's data.
func (v *Vendor) Documents() []Document { return slices.Clone(v.documents) }

// Profile returns what a client needs to know about the API, besides Decode.
func (v *Vendor) Profile() policy.Profile {
	profile := v.profile
	profile.Policy = v.Policy()
	profile.Origins = slices.Clone(profile.Origins)
	profile.RequestIDHeaders = slices.Clone(profile.RequestIDHeaders)
	profile.Batches = v.decoder.batchRequests()
	profile.Pages = slices.Clone(profile.Pages)
	for i, one := range profile.Pages {
		profile.Pages[i] = one.Clone()
	}
	keys := &profile.Idempotency
	keys.Methods, keys.Paths = slices.Clone(keys.Methods), slices.Clone(keys.Paths)
	keys.Replays, keys.ReplayPaths = slices.Clone(keys.Replays), slices.Clone(keys.ReplayPaths)
	return profile
}

// Policy returns the policy that follows from the vendor's documents.
func (v *Vendor) Policy() policy.Policy {
	p := v.profile.Policy
	for _, l := range v.limits {
		p = p.WithLimit(l) // with lists of its own
	}
	return p
}
