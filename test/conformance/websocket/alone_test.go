package websocket

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// standsAlone reads a message as a parser of its own would, which knows nothing
// of the server's.
func standsAlone(message string) error {
	if !strings.HasPrefix(message, "<") || strings.HasPrefix(message, "<?") {
		return errors.New("it does not begin with an element")
	}
	d := xml.NewDecoder(strings.NewReader(message))
	depth, elements := 0, 0
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			if elements != 1 {
				return fmt.Errorf("%d elements", elements)
			}
			return nil
		case err != nil:
			return err
		}
		switch tok := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				elements++
			}
			if !strings.ContainsAny(tok.Name.Space, ":") { // an undeclared prefix stays as it is
				return fmt.Errorf("<%s> has no namespace", tok.Name.Local)
			}
		case xml.EndElement:
			depth--
		}
	}
}
