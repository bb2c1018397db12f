package person

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// document is a page as the person sees it.
type document struct {
	// kind is the page's own name for itself.
	kind  string
	forms []*form
	// texts are the contents of the elements that have an id.
	texts map[string]string
}

type form struct {
	action     string
	method     string
	connection string
	inputs     url.Values
	buttons    []button
}

type button struct{ name, value string }

// submission is a form that was filled in.
type submission struct {
	method string
	action string
	values url.Values
}

func parse(r io.Reader, at *url.URL) (*document, error) {
	root, err := html.Parse(r)
	if err != nil {
		return nil, err
	}
	d := &document{texts: map[string]string{}}
	d.read(root, at, nil)
	return d, nil
}

// read goes through an element and what is in it.
func (d *document) read(n *html.Node, at *url.URL, inside *form) {
	if n.Type == html.ElementNode {
		if id := attribute(n, "id"); id != "" {
			d.texts[id] = strings.TrimSpace(text(n))
		}
		switch n.Data {
		case "body":
			d.kind = attribute(n, "data-page")
		case "form":
			inside = newForm(n, at)
			d.forms = append(d.forms, inside)
		case "input":
			if inside != nil {
				inside.inputs.Set(attribute(n, "name"), attribute(n, "value"))
			}
		case "button":
			if inside != nil {
				inside.buttons = append(inside.buttons, button{attribute(n, "name"), attribute(n, "value")})
			}
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		d.read(child, at, inside)
	}
}

func newForm(n *html.Node, at *url.URL) *form {
	f := &form{
		action: at.String(), method: strings.ToUpper(attribute(n, "method")),
		connection: attribute(n, "data-connection"), inputs: url.Values{},
	}
	if target, err := at.Parse(attribute(n, "action")); err == nil {
		f.action = target.String()
	}
	if f.method == "" {
		f.method = http.MethodGet
	}
	return f
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(text(child))
	}
	return b.String()
}

// refusal is what the page says is wrong, nil if it says nothing of the kind.
func (d *document) refusal() *Refusal {
	if code := d.texts["error"]; code != "" {
		return &Refusal{Code: code, Description: d.texts["error-description"]}
	}
	if problem := d.texts["problem"]; problem != "" {
		return &Refusal{Code: "login_failed", Description: problem}
	}
	return nil
}

// login presses the button of a connection, or fills in the form of a database.
func (d *document) login(as As) (*submission, error) {
	for _, f := range d.forms {
		if f.connection != as.Connection {
			continue
		}
		if f.method == http.MethodGet {
			return f.press(button{}), nil
		}
		f.inputs.Set("email", as.Email)
		f.inputs.Set("password", as.Password)
		action := button{"action", "login"}
		if as.Register {
			action.value = "register"
		}
		if !f.has(action) {
			return nil, fmt.Errorf("the login page offers no button %q for connection %q", action.value, as.Connection)
		}
		return f.press(action), nil
	}
	return nil, fmt.Errorf("the login page does not offer connection %q", as.Connection)
}

// identify says who the person is to an identity provider.
func (d *document) identify(as As) (*submission, error) {
	if len(d.forms) == 0 {
		return nil, errors.New("the identity provider's page has no form")
	}
	f := d.forms[0]
	if as.Subject == "" {
		f.inputs.Set("email", as.Email)
		return f.press(button{}), nil
	}
	if !f.has(button{"subject", as.Subject}) {
		return nil, errors.New("the identity provider does not know the subject")
	}
	return f.press(button{"subject", as.Subject}), nil
}

// confirm presses the one button of a page.
func (d *document) confirm() (*submission, error) {
	if len(d.forms) == 0 {
		return nil, errors.New("the page has no form")
	}
	return d.forms[0].press(button{}), nil
}

// choose names the organization where a page asks for it.
func (d *document) choose(as As) (*submission, error) {
	if len(d.forms) == 0 || as.Organization == "" {
		return nil, errors.New("a page asks for the organization, and none was given")
	}
	f := d.forms[0]
	f.inputs.Set("organization", as.Organization)
	return f.press(button{}), nil
}

func (f *form) has(wanted button) bool {
	for _, b := range f.buttons {
		if b == wanted {
			return true
		}
	}
	return false
}

// press submits the form with one of its buttons; the zero button has no value of its own.
func (f *form) press(b button) *submission {
	if b.name != "" {
		f.inputs.Set(b.name, b.value)
	}
	return &submission{method: f.method, action: f.action, values: f.inputs}
}
