// Command draw makes a picture of each figure in a CSV file that bench/growth has
// written: cost upwards from nothing, size to the right on a logarithmic scale,
// so that what is flat or grows with the logarithm looks like it.
//
//	cd bench/growth/draw && go run . ../../../docs/growth
//
// It is a module of its own, so that the plotting library and what that needs
// are nothing to the server's.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: draw FOLDER, in which growth.csv is")
	}
	figures, err := read(filepath.Join(args[0], "growth.csv"))
	if err != nil {
		return err
	}
	for _, f := range figures {
		if err := f.draw(filepath.Join(args[0], f.name+".svg")); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

type figure struct {
	name, across, up string
	curves           []curve
}

type curve struct {
	name   string
	points plotter.XYs
}

// read takes rows of figure, across, up, curve, x, y.
func read(path string) ([]*figure, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, errors.Join(fmt.Errorf("%s holds no figures", path), err)
	}
	var figures []*figure
	for i, row := range rows[1:] {
		x, errX := strconv.ParseFloat(row[4], 64)
		y, errY := strconv.ParseFloat(row[5], 64)
		if err := errors.Join(errX, errY); err != nil || x <= 0 || y < 0 {
			return nil, fmt.Errorf("%s: row %d: %q is no point", path, i+2, row[4:])
		}
		if len(figures) == 0 || figures[len(figures)-1].name != row[0] {
			figures = append(figures, &figure{name: row[0], across: row[1], up: row[2]})
		}
		figures[len(figures)-1].add(row[3], plotter.XY{X: x, Y: y})
	}
	return figures, nil
}

func (f *figure) add(name string, p plotter.XY) {
	if n := len(f.curves); n == 0 || f.curves[n-1].name != name {
		f.curves = append(f.curves, curve{name: name})
	}
	c := &f.curves[len(f.curves)-1]
	c.points = append(c.points, p)
}

// colours can be told apart by people who see few.
var colours = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff},
}

func (f *figure) draw(path string) error {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = f.across, f.up
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, sizes(f.curves)
	p.Y.Min = 0
	p.Add(plotter.NewGrid())
	for i, c := range f.curves {
		line, points, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return err
		}
		line.Color, points.Color = colours[i%len(colours)], colours[i%len(colours)]
		points.Shape, points.Radius = draw.CircleGlyph{}, vg.Points(2.5)
		p.Add(line, points)
		p.Legend.Add(c.name, line, points)
	}
	p.Y.Max *= 1.3                              // room for the legend
	p.X.Min, p.X.Max = p.X.Min/1.3, p.X.Max*1.6 // and for the last size
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs = true, true, vg.Points(8)
	return p.Save(14*vg.Centimeter, 8*vg.Centimeter, path)
}

// sizes marks the sizes that were measured.
func sizes(curves []curve) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	known := map[float64]bool{}
	for _, c := range curves {
		for _, p := range c.points {
			if !known[p.X] {
				known[p.X] = true
				ticks = append(ticks, plot.Tick{Value: p.X, Label: strconv.FormatFloat(p.X, 'f', -1, 64)})
			}
		}
	}
	return ticks
}
