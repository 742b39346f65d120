import{a as h}from"./chunk-IUNON7Y6.js";import"./chunk-SOZT5HLH.js";function t(){return h("h1",{children:"chat"})}export{t as default};
