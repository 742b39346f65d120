import{a as n}from"./chunk-IUNON7Y6.js";import"./chunk-SOZT5HLH.js";function o(){return n("h1",{children:"playground"})}export{o as default};
