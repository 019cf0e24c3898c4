package policy

import "github.com/retrywise/retrywise/internal/enum"

// A PageStyle is how a vendor says where a list continues.
type PageStyle uint8

// The styles. The zero value, PageStyleNone, is unset.
const (
	PageStyleNone PageStyle = iota
	PageByCursor            // by a text in the page, which goes into a parameter of the next request
	PageByNumber            // by the number of the page
	PageByOffset            // by the number of items before the page
	PageByLink              // by the URL of the next page, in the body or in the Link header (RFC 8288)
)

var pageStyles = enum.Set[PageStyle]{Kind: "style of pages", Names: []string{
	PageStyleNone: enum.None, PageByCursor: "cursor", PageByNumber: "page", PageByOffset: "offset", PageByLink: "link",
}}

// String returns the name of s, such as "cursor".
func (s PageStyle) String() string { return pageStyles.Text(s) }

// MarshalText returns the name of s. It returns an error if s is not in the set.
func (s PageStyle) MarshalText() ([]byte, error) { return pageStyles.Marshal(s) }

// UnmarshalText sets s to the style called text.
func (s *PageStyle) UnmarshalText(text []byte) error { return pageStyles.Unmarshal(s, text) }
