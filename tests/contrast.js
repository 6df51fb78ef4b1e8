// Lists the text in outputs whose contrast to its background is below 4.5 (WCAG 2.2, success criterion 1.4.3).
() => {
    const light = text => {
        const [r, g, b] = text.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const parse = colour => (colour.match(/[\d.]+/g) || []).map(Number);
    const solid = element => {
        for (; element; element = element.parentElement) {
            const colour = parse(getComputedStyle(element).backgroundColor);
            if (colour.length === 3 || colour[3] > 0.99) return colour.slice(0, 3);
        }
        return [255, 255, 255];
    };
    const poor = [];
    const shown = document.querySelectorAll(['.wk', 'figure', 'button'].map(e => `.jp-OutputArea-output ${e}`));
    for (const root of shown) for (const element of [root, ...root.querySelectorAll('*')]) {
        const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join('');
        if (!text || element.disabled || element.closest('title, desc, style')) continue;
        if (!element.getClientRects().length) continue;
        const style = getComputedStyle(element);
        const ink = parse(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
        if (ink.length < 3 || style.visibility === 'hidden' || Number(style.opacity) < 0.05) continue;
        const [a, b] = [light(ink.slice(0, 3)), light(solid(element))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(1)}: ${text.slice(0, 40)} (${element.tagName}.${element.className})`);
    }
    return [shown.length, [...new Set(poor)]];
}
