package policy

import "slices"

// A Paging is how a list is read page by page. Places in a page are JSON pointers (RFC 6901). A
// parameter is the name of one in the query or, if it begins with a slash, a JSON pointer to a
// member of the request's body; of a form, the name after the slash. The zero Paging is not valid.
type Paging struct {
	// Style says how the list continues.
	Style PageStyle `yaml:"style,required"`

	// Methods are HTTP methods in upper case. Nil stands for GET.
	Methods []string `yaml:"methods,nonempty"`

	// Paths are patterns as in Match.Paths. Nil stands for all.
	Paths []string `yaml:"path,nonempty"`

	// Items leads to the list of items in a page. Empty: the body is the list.
	Items string `yaml:"items,required"`

	// OmitsEmpty means that a page without items may have no list. Without it, such a page is
	// broken.
	OmitsEmpty bool `yaml:"omits_empty"`

	// Next leads to the cursor, or to the URL of the next page. The last page has none: it is
	// absent, null or empty. Empty, of PageByLink: the URL is in the Link header, with the
	// relation "next".
	Next string `yaml:"next,nonempty"`

	// LastItem leads from the last item of a page to the cursor, in place of Next.
	LastItem string `yaml:"last_item,nonempty"`

	// Param is the parameter for the cursor, the number of the page, or the offset.
	Param string `yaml:"param,nonempty"`

	// First is the number of the first page, or the offset of the first item. Nil stands for page
	// 1, and for offset 0.
	First *int `yaml:"first,nonnegative"`

	// More leads to a value that says whether there is another page: true, or one that is not
	// null, 0 or empty. Done leads to one that says that there is none. Each page has it. If it
	// says that the list ends, a cursor beside it does not count.
	More string `yaml:"more,nonempty"`
	Done string `yaml:"done,nonempty"`

	// LastPage leads to the number of the last page, and Total to the number of all items. Without
	// these, More and Done, a list by number or by offset ends with a page that has no items.
	LastPage string `yaml:"last_page,nonempty"`
	Total    string `yaml:"total,nonempty"`

	// Size is the parameter for the number of items in a page. Empty: there is none.
	Size string `yaml:"size,nonempty"`

	// MaxSize is how many items a page may have at most: as many are asked for if the caller does
	// not say how many. Zero means that this is not known.
	MaxSize int `yaml:"max_size,positive"`
}

// Covers reports whether p is about requests of a method to a path; see Match.Paths.
func (p Paging) Covers(method, path string) bool {
	return matchesRequest(p.methods(), p.Paths, method, path)
}

func (p Paging) methods() []string {
	if len(p.Methods) == 0 {
		return []string{"GET"}
	}
	return p.Methods
}

// Start returns the number of the first page, or the offset of the first item.
func (p Paging) Start() int {
	switch {
	case p.First != nil:
		return *p.First
	case p.Style == PageByNumber:
		return 1
	default:
		return 0
	}
}

// Clone returns a copy of p that shares nothing with it.
func (p Paging) Clone() Paging {
	p.Methods, p.Paths, p.First = slices.Clone(p.Methods), slices.Clone(p.Paths), clone(p.First)
	return p
}

// PagingFor returns how the list at a path below the base URL is read. It reports whether the
// vendor's data says so.
func (p Profile) PagingFor(method, path string) (Paging, bool) {
	i := slices.IndexFunc(p.Pages, func(one Paging) bool { return one.Covers(method, path) })
	if i < 0 {
		return Paging{}, false
	}
	return p.Pages[i].Clone(), true
}
