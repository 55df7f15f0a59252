// Lets the page's main file name its style sheet, so that the bundler writes it beside the script.
// It declares nothing else.
declare module '*.css';
